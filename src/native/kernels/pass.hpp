// One pass over a range of rows: from data and a plan to moments, log densities or responsibilities.
#pragma once

#include "sums.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Sums of exponentials are at most k: the product of a group of them must stay finite, in float too.
constexpr size_t MOST_FACTORS = 1000000000;

template <class T>
inline size_t whole_groups(size_t rows) {
    constexpr size_t group = GROUP * width<T>;
    return (rows + group - 1) / group * group;
}

// Rows become columns. Two subtractions: the first is exact, mostly, and gives the rows that the reference engine
// sees. `columns` is d, known to the compiler where it is small.
template <class T, size_t columns>
inline void transpose(const T* x, size_t count, size_t d, const double* origin, const double* center, size_t stride,
                      T* v) {
    const size_t known = columns > 0 ? columns : d;
    for (size_t j = 0; j < known; ++j) {
        const double from = origin == nullptr ? 0.0 : origin[j], less = center[j];
        for (size_t r = 0; r < count; ++r) {
            v[j * stride + r] = static_cast<T>((static_cast<double>(x[r * known + j]) - from) - less);
        }
    }
}

// The same in registers, where there are columns enough; in double, so that nothing is converted.
inline void transpose_tiles(const double* x, size_t count, size_t d, const double* origin, const double* center,
                            size_t stride, double* v) {
    constexpr size_t W = width<double>;
    const size_t whole = count / W * W, columns = d / W * W;
    for (size_t j = 0; j < columns; j += W) {
        for (size_t r = 0; r < whole; r += W) {
            Vec<double> tile[W];
            for (size_t i = 0; i < W; ++i) {
                tile[i] = load<double>(x + (r + i) * d + j);
            }
            transpose_lanes<double>(tile);
            for (size_t i = 0; i < W; ++i) {
                const double from = origin == nullptr ? 0.0 : origin[j + i];
                store<double>(v + (j + i) * stride + r, (tile[i] - from) - center[j + i]);
            }
        }
    }
    for (size_t j = 0; j < d; ++j) {
        const double from = origin == nullptr ? 0.0 : origin[j], less = center[j];
        for (size_t r = j < columns ? whole : 0; r < count; ++r) {
            v[j * stride + r] = (x[r * d + j] - from) - less;
        }
    }
}

// Columns of a block, relative to the rows' origin and `center`; rows past the last are zero and weigh nothing.
template <class T>
inline void load_rows(const Rows<T>& rows, size_t first, size_t count, const double* center,
                      const Scratch<T>& scratch, T* v) {
    const size_t d = rows.d, stride = scratch.stride, padded = whole_groups<T>(count);
    const T* x = rows.x + first * d;
    if (d == 2) {
        transpose<T, 2>(x, count, d, rows.origin, center, stride, v);
    } else if (d == 4) {
        transpose<T, 4>(x, count, d, rows.origin, center, stride, v);
    } else if constexpr (sizeof(T) == 8) {
        transpose_tiles(x, count, d, rows.origin, center, stride, v);
    } else {
        transpose<T, 0>(x, count, d, rows.origin, center, stride, v);
    }
    for (size_t j = 0; j < d; ++j) {
        for (size_t r = count; r < padded; ++r) {
            v[j * stride + r] = T(0);
        }
    }
    for (size_t r = 0; r < count; ++r) {
        scratch.weights[r] = static_cast<T>(rows.weights == nullptr ? rows.weight : rows.weights[first + r]);
    }
    for (size_t r = count; r < padded; ++r) {
        scratch.weights[r] = T(0);
    }
}

// Whether every row of the block is within the limit of the feature form.
template <class T>
inline bool within_limit(const Plan<T>& plan, const T* v, size_t stride, size_t rows) {
    Vec<T> largest{};
    for (size_t r = 0; r < rows; r += width<T>) {
        Vec<T> gated{};
        for (size_t j = 0; j < plan.d; ++j) {
            const Vec<T> x = load<T>(v + j * stride + r);
            gated += x * x * plan.gate[j];
        }
        largest = larger<T>(gated, largest);
        // A NaN would be passed over: infinite coordinates make one.
        largest = gated == gated ? largest : splat<T>(T(__builtin_inf()));
    }
    for (size_t i = 0; i < width<T>; ++i) {
        if (!(largest[i] <= static_cast<T>(feature_limit<T>))) {
            return false;
        }
    }
    return true;
}

// Squares of the coordinates of one group of rows, as the features after them.
template <class T>
inline void square_features(Squares squares, size_t d, T* v, size_t stride) {
    T* out = v + d * stride;
    if (squares == Squares::sum) {
        for (int r = 0; r < GROUP; ++r) {
            Vec<T> sum{};
            for (size_t j = 0; j < d; ++j) {
                const Vec<T> x = load<T>(v + j * stride + r * width<T>);
                sum += x * x;
            }
            store<T>(out + r * width<T>, sum);
        }
    } else if (squares != Squares::none) {
        for (size_t j = 0; j < d; ++j) {
            for (size_t l = squares == Squares::each ? j : 0; l <= j; ++l, out += stride) {
                for (int r = 0; r < GROUP; ++r) {
                    const size_t at = r * width<T>;
                    store<T>(out + at, load<T>(v + j * stride + at) * load<T>(v + l * stride + at));
                }
            }
        }
    }
}

// The sum of weight times log density, less the plan's offset; and whether some row had no density.
template <class T>
struct Likelihood {
    Vec<T> block{};
    double total = 0.0;
    Signed<T> missing{};

    void flush(double weight) {
        total += weight * lane_sum<T>(block);
        block = Vec<T>{};
    }
    bool lost() const {
        bool any = false;
        for (size_t i = 0; i < width<T>; ++i) {
            any |= missing[i] != 0;
        }
        return any;
    }
};

// Log densities of a group of rows; `scale` becomes weight / sum of exponentials.
template <class T>
inline void finish_group(Likelihood<T>& likelihood, const Vec<T>* top, const Vec<T>* sum, const Vec<T>* common,
                         const T* weights, T* scale, T* density) {
    for (int r = 0; r < GROUP; ++r) {
        const size_t at = r * width<T>;
        const Vec<T> weight = load<T>(weights + at);
        const Vec<T> value = (top[r] + logarithm<T>(sum[r])) - common[r];
        // The largest term of the sum is exp(0): less means that no component has a density here, or NaN.
        likelihood.missing |= ~(sum[r] >= T(0.5));
        likelihood.block += weight * value;
        store<T>(scale + at, weight / sum[r]);
        store<T>(density + at, value);
    }
}

// The same where all rows weigh the same and only the sum of the log densities is wanted: one logarithm a group.
template <class T>
inline void finish_equal_group(Likelihood<T>& likelihood, const Vec<T>* top, const Vec<T>* sum,
                               const Vec<T>* common, T weight, T* scale) {
    Vec<T> product = splat<T>(T(1));
    for (int r = 0; r < GROUP; ++r) {
        likelihood.missing |= ~(sum[r] >= T(0.5));
        likelihood.block += top[r] - common[r];
        product *= sum[r];
        store<T>(scale + r * width<T>, weight / sum[r]);
    }
    likelihood.block += logarithm<T>(product);
}

// Second moments about the center of all rows together.
template <class T>
inline void pooled_moments(const Scratch<T>& scratch, const T* v, size_t d, size_t rows, bool equal) {
    const size_t stride = scratch.stride;
    if (equal) {
        triangle_sums<T>(v, v, d, stride, rows, scratch.pooled, scratch.weights[0]);
        return;
    }
    for (size_t j = 0; j < d; ++j) {
        for (size_t r = 0; r < rows; r += width<T>) {
            store<T>(scratch.weighted + j * stride + r, load<T>(v + j * stride + r) * load<T>(scratch.weights + r));
        }
    }
    triangle_sums<T>(scratch.weighted, v, d, stride, rows, scratch.pooled);
}

// Feature form: responsibilities, log densities and moments of the block in `scratch.features`.
template <class T>
inline void feature_block(const Plan<T>& plan, const Scratch<T>& scratch, size_t rows, bool equal,
                          Likelihood<T>& likelihood) {
    const size_t stride = scratch.stride, d = plan.d;
    T* v = scratch.features + stride;
    for (size_t at = 0; at < rows; at += GROUP * width<T>) {
        Vec<T> top[GROUP], sum[GROUP], common[GROUP];
        square_features<T>(plan.squares, d, v + at, stride);
        for (int r = 0; r < GROUP; ++r) {
            common[r] = Vec<T>{};
        }
        if (plan.half_precision > 0.0) {
            for (size_t j = 0; j < d; ++j) {
                for (int r = 0; r < GROUP; ++r) {
                    const Vec<T> x = load<T>(v + j * stride + at + r * width<T>);
                    common[r] += x * x;
                }
            }
        }
        for (int r = 0; r < GROUP; ++r) {
            common[r] *= static_cast<T>(plan.half_precision);
        }
        feature_densities<T>(plan, v + at, scratch.posterior + at, stride, top, sum);
        if (equal) {
            finish_equal_group<T>(likelihood, top, sum, common, scratch.weights[0], scratch.scale + at);
        } else {
            finish_group<T>(likelihood, top, sum, common, scratch.weights + at, scratch.scale + at,
                            scratch.density + at);
        }
    }
    if (plan.pooled) {
        pooled_moments<T>(scratch, v, d, rows, equal);
    }
    // The features take the normalisation and the weight: they are fewer than the components, mostly.
    const size_t P = plan.moment_features;
    for (size_t r = 0; r < rows; r += width<T>) {
        const Vec<T> scale = load<T>(scratch.scale + r);
        store<T>(scratch.features + r, scale);
        for (size_t f = 1; f < P; ++f) {
            T* feature = scratch.features + f * stride + r;
            store<T>(feature, load<T>(feature) * scale);
        }
    }
    feature_sums<T>(scratch.posterior, plan.k, scratch.features, P, stride, rows,
                    scratch.feature_sums);
}

// Centred form of densities and normalised weighted responsibilities.
template <class T>
inline void centred_posterior(const Plan<T>& plan, const Scratch<T>& scratch, size_t rows, Likelihood<T>& likelihood) {
    const size_t stride = scratch.stride;
    const T* v = scratch.features + stride;
    const Vec<T> common[GROUP] = {};
    for (size_t at = 0; at < rows; at += GROUP * width<T>) {
        Vec<T> top[GROUP], sum[GROUP];
        centred_densities<T>(plan, v + at, scratch.posterior + at, stride, top, sum);
        finish_group<T>(likelihood, top, sum, common, scratch.weights + at, scratch.scale + at,
                        scratch.density + at);
        for (size_t i = 0; i < plan.k; ++i) {
            for (int r = 0; r < GROUP; ++r) {
                T* p = scratch.posterior + i * stride + at + r * width<T>;
                store<T>(p, load<T>(p) * load<T>(scratch.scale + at + r * width<T>));
            }
        }
    }
}

// Second moments about the center become moments about a place at `shift` from it; both are packed lower triangles, and
// first moments `first` about the center.
inline void move_triangle(size_t d, double mass, const double* first, const double* shift, double* packed) {
    for (size_t j = 0; j < d; packed += ++j) {
        const double slope = mass * shift[j] - first[j], less = shift[j];
        for (size_t l = 0; l <= j; ++l) {
            packed[l] += slope * shift[l] - less * first[l];
        }
    }
}

// Moments about the center become moments about each component's place, and are added.
template <class T>
inline void move_feature_sums(const Plan<T>& plan, const Scratch<T>& scratch, double* moments) {
    const size_t k = plan.k, d = plan.d, P = plan.moment_features;
    const Moments& layout = plan.moments;
    double* shift = scratch.moved;
    double* sums = shift + d;
    for (size_t i = 0; i < k; ++i) {
        for (size_t f = 0; f < P; ++f) {
            sums[f] = scratch.feature_sums[tiled_index(k, P, i, f)];
        }
        const double mass = sums[0];
        const double *first = sums + 1, *squares = sums + 1 + d;
        moments[layout.mass + i] += mass;
        double* second = moments + layout.second + i * layout.each;
        double squared = 0.0;
        for (size_t j = 0; j < d; ++j) {
            shift[j] = plan.about[i * d + j] - plan.center[j];
            moments[layout.first + i * d + j] += first[j] - mass * shift[j];
            const double change = shift[j] * (mass * shift[j] - 2.0 * first[j]);
            squared += change;
            if (plan.scatter == Shape::diag) {
                second[j] += squares[j] + change;
            }
        }
        if (plan.scatter == Shape::spherical) {
            second[0] += squares[0] + squared;
        } else if (plan.scatter == Shape::full) {
            for (size_t at = 0; at < d * (d + 1) / 2; ++at) {
                second[at] += squares[at];
            }
            move_triangle(d, mass, first, shift, second);
        } else if (plan.scatter == Shape::tied) {
            move_triangle(d, mass, first, shift, moments + layout.second);
        }
    }
    if (plan.scatter == Shape::tied) {
        for (size_t at = 0; at < d * (d + 1) / 2; ++at) {
            moments[layout.second + at] += scratch.pooled[at];
        }
    }
}

// What pooled second moments take from the log likelihood.
template <class T>
inline double common_part(const Plan<T>& plan, const Scratch<T>& scratch) {
    double part = 0.0;
    for (size_t at = 0; plan.common != nullptr && at < plan.d * (plan.d + 1) / 2; ++at) {
        part += plan.common[at] * scratch.pooled[at];
    }
    return part;
}

template <class T>
inline void clear_feature_sums(const Plan<T>& plan, const Scratch<T>& scratch) {
    for (size_t at = 0; at < plan.k * plan.moment_features; ++at) {
        scratch.feature_sums[at] = 0.0;
    }
    for (size_t at = 0; at < plan.d * (plan.d + 1) / 2; ++at) {
        scratch.pooled[at] = 0.0;
    }
}

// Adds the moments of rows [first, last) to `moments`. Returns whether every row had a density.
template <class T>
bool range_moments(const Plan<T>& plan, const Rows<T>& rows, const Scratch<T>& scratch, size_t first, size_t last,
                   double* moments) {
    clear_feature_sums<T>(plan, scratch);
    Likelihood<T> likelihood{};
    T* v = scratch.features + scratch.stride;
    bool by_features = false;
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = whole_groups<T>(count);
        if (plan.features) {
            load_rows<T>(rows, at, count, plan.center, scratch, v);
            if (within_limit<T>(plan, v, scratch.stride, padded)) {
                const bool equal = rows.weights == nullptr && count == padded && plan.k < MOST_FACTORS;
                feature_block<T>(plan, scratch, padded, equal, likelihood);
                likelihood.flush(equal ? rows.weight : 1.0);
                by_features = true;
                continue;
            }
        }
        load_rows<T>(rows, at, count, plan.centred_origin, scratch, v);
        centred_posterior<T>(plan, scratch, padded, likelihood);
        likelihood.flush(1.0);
        for (size_t i = 0; i < plan.k; ++i) {
            centred_moments<T>(plan, scratch, i, v, padded, moments);
        }
    }
    if (by_features) {
        move_feature_sums<T>(plan, scratch, moments);
        likelihood.total -= common_part<T>(plan, scratch);
    }
    double weight = rows.weight * static_cast<double>(last - first);
    if (rows.weights != nullptr) {
        weight = 0.0;
        for (size_t at = first; at < last; ++at) {
            weight += rows.weights[at];
        }
    }
    moments[0] += likelihood.total + weight * plan.offset;
    moments[1] += weight;
    return !likelihood.lost();
}

// Writes log densities (n) or responsibilities (n, k) of rows [first, last); the other may be null.
template <class T>
bool range_posterior(const Plan<T>& plan, const Rows<T>& rows, const Scratch<T>& scratch, size_t first, size_t last,
                     double* density, double* posterior) {
    Likelihood<T> likelihood{};
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = whole_groups<T>(count);
        load_rows<T>(rows, at, count, plan.centred_origin, scratch, scratch.features + scratch.stride);
        centred_posterior<T>(plan, scratch, padded, likelihood);
        for (size_t r = 0; r < count; ++r) {
            if (density != nullptr) {
                density[at + r] = plan.offset + static_cast<double>(scratch.density[r]);
            }
            for (size_t i = 0; posterior != nullptr && i < plan.k; ++i) {
                posterior[(at + r) * plan.k + i] = static_cast<double>(scratch.posterior[i * scratch.stride + r]);
            }
        }
    }
    return !likelihood.lost();
}

}  // namespace gmmscape::GMMSCAPE_ISA
