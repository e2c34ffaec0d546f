// Passes over all rows: shared out to threads, merged in a fixed order, checked for lost digits.
#pragma once

#include <atomic>
#include <cmath>
#include <cstddef>
#include <vector>

#include "planner.hpp"
#include "threads.hpp"
#include "workspace.hpp"

namespace gmmscape {

template <class T>
const KernelsOf<T>& kernels_of(const Kernels& kernels) {
    if constexpr (sizeof(T) == 8) {
        return kernels.f64;
    } else {
        return kernels.f32;
    }
}

// Sums about a place lose digits where the scatter about the mean is smaller than the squared distance of the two
// by more than this factor; they are then taken again, about the mean.
template <class T>
constexpr double cancellation_limit = 10.0 * feature_limit<T>;

// Rows of one partial sum. It depends on the problem alone, never on the number of threads.
inline size_t rows_per_chunk(size_t n, size_t size, size_t block) {
    constexpr size_t most_memory = 16 << 20;
    const size_t most = std::clamp<size_t>(most_memory / (size * sizeof(double)), 8, 64);
    const size_t rows = std::max((n + most - 1) / most, 4 * block);
    return (rows + block - 1) / block * block;
}

// Threads that are worth starting.
template <class T>
size_t useful_threads(const Plan<T>& plan, size_t n, size_t threads) {
    const size_t products = feature_rows(plan) + (plan.features ? 0 : plan.factor_size);
    const double each = static_cast<double>(plan.k) * (30.0 + 2.0 * static_cast<double>(products));
    return std::min(worthwhile_threads(static_cast<double>(n) * each), std::max<size_t>(threads, 1));
}

// Adds neighbours, then neighbours of those: the order depends on the number of parts alone.
inline void add_in_order(std::vector<double>& parts, size_t count, size_t size) {
    for (size_t step = 1; step < count; step *= 2) {
        for (size_t i = 0; i + step < count; i += 2 * step) {
            for (size_t at = 0; at < size; ++at) {
                parts[i * size + at] += parts[(i + step) * size + at];
            }
        }
    }
}

// Sums of `size` numbers over all rows: add(scratch, own, first, last, sums) adds those of a range and says whether
// every row had a density, as this does for all. make_own(scratch) makes what else each thread works with.
template <class T, class MakeOwn, class Add>
bool summed_by(const Plan<T>& plan, size_t n, size_t size, size_t scores, size_t block, size_t threads,
               std::vector<double>& sums, MakeOwn make_own, Add add) {
    const size_t chunk = rows_per_chunk(n, size, block);
    const size_t chunks = (n + chunk - 1) / chunk;
    std::atomic<bool> dense{true};
    sums.assign(std::max<size_t>(chunks, 1) * size, 0.0);
    share_out(chunks, useful_threads(plan, n, threads), [&](auto next) {
        const Workspace<T> workspace(plan, scores, std::min(block, (n + 63) / 64 * 64));
        const auto own = make_own(workspace.scratch());
        for (size_t c = next(); c < chunks; c = next()) {
            if (!add(workspace.scratch(), own, c * chunk, std::min((c + 1) * chunk, n), sums.data() + c * size)) {
                dense = false;
            }
        }
    });
    add_in_order(sums, chunks, size);
    sums.resize(size);
    return dense;
}

template <class T, class Add>
bool summed(const Plan<T>& plan, size_t n, size_t size, size_t scores, size_t threads, std::vector<double>& sums,
            Add add) {
    return summed_by(plan, n, size, scores, Workspace<T>::rows_per_block(plan), threads, sums,
                     [](const Scratch<T>&) { return 0; },
                     [&](const Scratch<T>& scratch, int, size_t first, size_t last, double* part) {
                         return add(scratch, first, last, part);
                     });
}

// Moments of all rows.
template <class T>
bool moments_of(const Kernels& kernels, const Plan<T>& plan, const Rows<T>& rows, size_t threads,
                std::vector<double>& moments) {
    return summed(plan, rows.n, plan.moments.size, 0, threads, moments,
                  [&](const Scratch<T>& scratch, size_t first, size_t last, double* sums) {
                      return kernels_of<T>(kernels).moments(plan, rows, scratch, first, last, sums);
                  });
}

// What an M-step needs: scatter about the mean, matrices as packed lower triangles.
struct Statistics {
    double log_likelihood = 0.0, weight = 0.0;
    std::vector<double> mass, mean, scatter;
};

namespace detail {

// Scatter about the mean, packed as the moments are; the means are written to `mean`.
inline std::vector<double> centred_scatter(const Moments& at, Shape scatter, size_t k, size_t d, const double* about,
                                           const std::vector<double>& moments, std::vector<double>& mean) {
    std::vector<double> second(moments.begin() + static_cast<std::ptrdiff_t>(at.second), moments.end());
    mean.assign(about, about + k * d);
    for (size_t i = 0; i < k; ++i) {
        const double mass = moments[at.mass + i];
        if (!(mass > 0.0)) {
            continue;
        }
        const double* first = moments.data() + at.first + i * d;
        double* own = second.data() + i * at.each;
        size_t entry = 0;
        for (size_t j = 0; j < d; ++j) {
            const double shift = first[j] / mass;
            mean[i * d + j] += shift;
            if (scatter == Shape::spherical) {
                own[0] -= shift * first[j];
            } else if (scatter == Shape::diag) {
                own[j] -= shift * first[j];
            } else if (scatter != Shape::none) {
                for (size_t l = 0; l <= j; ++l, ++entry) {
                    own[entry] -= shift * first[l];
                }
            }
        }
    }
    return second;
}

// Whether some scatter is so much smaller than what was subtracted that digits are gone.
inline bool cancelled(const Moments& at, Shape scatter, size_t k, size_t d, const double* about, const double* center,
                      const std::vector<double>& moments, const std::vector<double>& mean,
                      const std::vector<double>& second, double limit) {
    std::vector<double> pooled(d, 0.0);
    for (size_t i = 0; i < k && scatter != Shape::none; ++i) {
        const double mass = moments[at.mass + i];
        double sum = 0.0;
        for (size_t j = 0; j < d && mass > 0.0; ++j) {
            double distance = std::abs(mean[i * d + j] - about[i * d + j]);
            if (center != nullptr) {
                distance = std::max({distance, std::abs(mean[i * d + j] - center[j]),
                                     std::abs(about[i * d + j] - center[j])});
            }
            const double lost = mass * distance * distance;
            sum += lost;
            pooled[j] += lost;
            const double* own = second.data() + i * at.each;
            if ((scatter == Shape::diag && !(lost <= limit * own[j])) ||
                (scatter == Shape::full && !(lost <= limit * own[j * (j + 1) / 2 + j]))) {
                return true;
            }
        }
        if (scatter == Shape::spherical && !(sum <= limit * second[i])) {
            return true;
        }
    }
    for (size_t j = 0; j < d && scatter == Shape::tied; ++j) {
        if (!(pooled[j] <= limit * second[j * (j + 1) / 2 + j])) {
            return true;
        }
    }
    return false;
}

inline void unpack(const double* packed, size_t d, double* square) {
    for (size_t j = 0; j < d; ++j) {
        for (size_t l = 0; l <= j; ++l) {
            square[j * d + l] = square[l * d + j] = packed[j * (j + 1) / 2 + l];
        }
    }
}

}  // namespace detail

// Statistics of moments taken about `about`, in the coordinates of the rows.
inline Statistics statistics_of(const Moments& at, Shape scatter, size_t k, size_t d, const double* about,
                                const std::vector<double>& moments) {
    Statistics statistics;
    statistics.log_likelihood = moments[0];
    statistics.weight = moments[1];
    statistics.mass.assign(moments.begin() + static_cast<std::ptrdiff_t>(at.mass),
                           moments.begin() + static_cast<std::ptrdiff_t>(at.first));
    statistics.scatter = detail::centred_scatter(at, scatter, k, d, about, moments, statistics.mean);
    return statistics;
}

// One pass, or two where the first has lost digits. Returns whether every row had a density.
template <class T>
bool statistics(const Kernels& kernels, const Model& model, const Rows<T>& rows, Shape scatter, size_t threads,
                Statistics& result) {
    const size_t k = model.k, d = model.d;
    std::vector<double> moments;
    {
        const PlanOf<T> owner(model, scatter, nullptr, true);
        const Plan<T>& plan = owner.plan();
        const bool dense = moments_of(kernels, plan, rows, threads, moments);
        result = statistics_of(plan.moments, scatter, k, d, plan.about, moments);
        if (!dense || !detail::cancelled(plan.moments, scatter, k, d, plan.about,
                                         plan.features ? plan.center : nullptr, moments, result.mean, result.scatter,
                                         cancellation_limit<T>)) {
            return dense;
        }
    }
    const std::vector<double> about = result.mean;
    const PlanOf<T> owner(model, scatter, about.data(), false);
    const bool dense = moments_of(kernels, owner.plan(), rows, threads, moments);
    result = statistics_of(owner.plan().moments, scatter, k, d, about.data(), moments);
    return dense;
}

// Log densities (n) or responsibilities (n, k) of all rows; the other is null.
template <class T>
bool posterior(const Kernels& kernels, const Model& model, const Rows<T>& rows, size_t threads, double* density,
               double* responsibilities) {
    const PlanOf<T> owner(model, Shape::none, nullptr, false);
    const Plan<T>& plan = owner.plan();
    const size_t chunk = 4 * Workspace<T>::rows_per_block(plan);
    const size_t chunks = (rows.n + chunk - 1) / chunk;
    std::atomic<bool> dense{true};
    share_out(chunks, useful_threads(plan, rows.n, threads), [&](auto next) {
        const Workspace<T> workspace(plan);
        for (size_t c = next(); c < chunks; c = next()) {
            const size_t last = std::min((c + 1) * chunk, rows.n);
            if (!kernels_of<T>(kernels).posterior(plan, rows, workspace.scratch(), c * chunk, last, density,
                                                  responsibilities)) {
                dense = false;
            }
        }
    });
    return dense;
}

// The component of largest joint density at each row; the first one where some are equal.
inline std::vector<unsigned> nearest(const Kernels& kernels, const Model& model, const Rows<double>& rows,
                                     size_t threads) {
    std::vector<unsigned> found(rows.n);
    const PlanOf<double> owner(model, Shape::none, nullptr, false);
    const Plan<double>& plan = owner.plan();
    const size_t chunk = 16 * Workspace<double>::rows_per_block(plan);
    share_out((rows.n + chunk - 1) / chunk, useful_threads(plan, rows.n, threads), [&](auto next) {
        const Workspace<double> workspace(plan);
        for (size_t first = next() * chunk; first < rows.n; first = next() * chunk) {
            kernels.nearest(plan, rows, workspace.scratch(), first, std::min(first + chunk, rows.n), found.data());
        }
    });
    return found;
}

// Entries of all rows, as the kernel's `Covered` has them.
struct Coverage {
    std::vector<unsigned> component, row;
    std::vector<double> posterior, rest;

    void resize(size_t size) {
        component.resize(size), row.resize(size), posterior.resize(size), rest.resize(size);
    }
};

// Which rows each component covers: responsibilities of at least `threshold`, in the order of the rows' blocks.
inline bool coverage(const Kernels& kernels, const Model& model, const Rows<double>& rows, double threshold,
                     size_t threads, std::vector<Coverage>& parts) {
    const PlanOf<double> owner(model, Shape::none, nullptr, false);
    const Plan<double>& plan = owner.plan();
    const size_t chunk = 16 * Workspace<double>::rows_per_block(plan);
    const size_t chunks = (rows.n + chunk - 1) / chunk;
    std::atomic<bool> dense{true};
    parts.assign(chunks, {});
    share_out(chunks, useful_threads(plan, rows.n, threads), [&](auto next) {
        const Workspace<double> workspace(plan);
        for (size_t c = next(); c < chunks; c = next()) {
            const size_t first = c * chunk, last = std::min(first + chunk, rows.n);
            Coverage& part = parts[c];
            size_t needed = 2 * (last - first);
            while (part.component.size() < needed) {  // a second time where rows have more entries than usual
                part.resize(needed);
                Covered found{part.component.data(), part.row.data(), part.posterior.data(), part.rest.data(), 0, needed};
                if (!kernels.coverage(plan, rows, workspace.scratch(), first, last, threshold, found)) {
                    dense = false;
                }
                needed = found.size;
            }
            part.resize(needed);
        }
    });
    return dense;
}

// Derivatives of the location family: log likelihood, mass (k), weighted deviations in standard deviations (k, d)
// and, where asked for, the second derivative (k d, k d) in units of them.
inline bool derivatives(const Kernels& kernels, const Model& model, const Rows<double>& rows, bool hessian,
                        size_t threads, std::vector<double>& sums, std::vector<double>& second) {
    const PlanOf<double> owner(model, Shape::none, nullptr, false);
    const Plan<double>& plan = owner.plan();
    const size_t k = model.k, d = model.d, all = k * d;
    const size_t size = 1 + k + all + (hessian ? triangle(all) + k * triangle(d) : 0);
    const bool dense = summed(plan, rows.n, size, hessian ? all : 0, threads, sums,
                              [&](const Scratch<double>& scratch, size_t first, size_t last, double* part) {
                                  return kernels.derivatives(plan, rows, scratch, first, last, hessian, part);
                              });
    if (hessian) {
        second.assign(all * all, 0.0);
        const double* products = sums.data() + 1 + k + all;
        detail::unpack(products, all, second.data());
        const double* spread = products + triangle(all);
        for (size_t i = 0; i < k; ++i) {
            for (size_t j = 0; j < d; spread += ++j) {
                for (size_t l = 0; l <= j; ++l) {
                    const double own = (j == l ? sums[1 + i] : 0.0) - spread[l];
                    second[(i * d + j) * all + i * d + l] += own;
                    if (l < j) {
                        second[(i * d + l) * all + i * d + j] += own;
                    }
                }
            }
        }
    }
    return dense;
}

// Rounding errors: of the log likelihood, of each component's gradient (k) and second derivative (k).
inline bool rounding(const Kernels& kernels, const Model& model, const Rows<double>& rows, double constant,
                     double shift, size_t threads, std::vector<double>& sums) {
    const PlanOf<double> owner(model, Shape::none, nullptr, false);
    const Plan<double>& plan = owner.plan();
    return summed(plan, rows.n, 1 + 2 * model.k, 0, threads, sums,
                  [&](const Scratch<double>& scratch, size_t first, size_t last, double* part) {
                      return kernels.rounding(plan, rows, scratch, first, last, constant, shift, part);
                  });
}

}  // namespace gmmscape
