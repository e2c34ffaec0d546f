// Rows with missing values, by pattern of observed columns: the expected statistics of all columns given what is
// observed, which make the exact EM step. As gmmscape.incomplete.held in Python.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "../fit.hpp"

namespace gmmscape {

// Rows in which the same columns are observed; the others are left out of them.
struct Pattern {
    std::vector<size_t> columns;
    Rows<double> rows;
};

namespace detail {

// What the observed columns of a pattern say of the others, for one covariance matrix: with O the observed columns and
// M the others, slopes C_MO C_OO^-1, and C_MM less what they explain.
struct Regression {
    std::vector<double> factor;  // upper triangular precision factor of the observed columns, (m, m)
    std::vector<double> slopes;  // (d, m); those of an observed column pick it
    std::vector<double> left;    // (d, d); zero where observed
};

// Returns false if the covariance of the observed columns is singular in double.
inline bool regress(const double* covariance, size_t d, const std::vector<size_t>& columns, Regression& found) {
    const size_t m = columns.size();
    std::vector<double> own(m * m), root(m * m), explained(d * m, 0.0);
    for (size_t a = 0; a < m; ++a) {
        for (size_t b = 0; b < m; ++b) {
            own[a * m + b] = covariance[columns[a] * d + columns[b]];
        }
    }
    if (!cholesky(own.data(), m, root.data())) {
        return false;
    }
    found.factor.resize(m * m);
    transposed_inverse(root.data(), m, found.factor.data());
    found.slopes.assign(d * m, 0.0);
    found.left.assign(d * d, 0.0);
    std::vector<bool> observed(d, false);
    for (size_t a = 0; a < m; ++a) {
        observed[columns[a]] = true;
        found.slopes[columns[a] * m + a] = 1.0;
    }
    for (size_t i = 0; i < d; ++i) {
        if (observed[i]) {
            continue;
        }
        for (size_t b = 0; b < m; ++b) {
            for (size_t a = 0; a <= b; ++a) {
                explained[i * m + b] += covariance[i * d + columns[a]] * found.factor[a * m + b];
            }
        }
        for (size_t a = 0; a < m; ++a) {
            for (size_t b = a; b < m; ++b) {
                found.slopes[i * m + a] += explained[i * m + b] * found.factor[a * m + b];
            }
        }
        for (size_t j = 0; j <= i; ++j) {
            if (observed[j]) {
                continue;
            }
            double rest = covariance[i * d + j];
            for (size_t b = 0; b < m; ++b) {
                rest -= explained[i * m + b] * explained[j * m + b];
            }
            found.left[i * d + j] = found.left[j * d + i] = rest;
        }
    }
    return true;
}

// Adds slopes S slopes' and `mass` times what is left to a packed scatter of all columns; S is packed, of the observed.
inline void add_completed(const Regression& given, const double* packed, double mass, size_t d, size_t m, double* total) {
    std::vector<double> own(m * m), half(d * m, 0.0);
    unpack(packed, m, own.data());
    for (size_t i = 0; i < d; ++i) {
        for (size_t a = 0; a < m; ++a) {
            const double slope = given.slopes[i * m + a];
            for (size_t b = 0; b < m && slope != 0.0; ++b) {
                half[i * m + b] += slope * own[a * m + b];
            }
        }
    }
    for (size_t i = 0; i < d; ++i) {
        for (size_t j = 0; j <= i; ++j) {
            double sum = mass * given.left[i * d + j];
            for (size_t b = 0; b < m; ++b) {
                sum += half[i * m + b] * given.slopes[j * m + b];
            }
            total[i * (i + 1) / 2 + j] += sum;
        }
    }
}

// The sums over all patterns so far, with the next one's: Chan, Golub and LeVeque's formula, as in `statistics.py`.
inline void merge_into(Statistics& all, const Statistics& next, Shape scatter, size_t k, size_t d) {
    all.log_likelihood += next.log_likelihood;
    all.weight += next.weight;
    for (size_t at = 0; at < all.scatter.size(); ++at) {
        all.scatter[at] += next.scatter[at];
    }
    for (size_t i = 0; i < k; ++i) {
        const double before = all.mass[i], added = next.mass[i], mass = before + added;
        if (!(mass > 0.0)) {
            continue;
        }
        const double share = added / mass, between = before * share;
        all.mass[i] = mass;
        std::vector<double> gap(d);
        for (size_t j = 0; j < d; ++j) {
            double& mean = all.mean[i * d + j];
            gap[j] = next.mean[i * d + j] - mean;
            mean = before > 0.0 ? mean + share * gap[j] : next.mean[i * d + j];
        }
        for (size_t j = 0; j < d; ++j) {
            switch (scatter) {
                case Shape::none: break;
                case Shape::spherical: all.scatter[i] += between * gap[j] * gap[j]; break;
                case Shape::diag: all.scatter[i * d + j] += between * gap[j] * gap[j]; break;
                default: {
                    double* own = all.scatter.data() + (scatter == Shape::full ? i * triangle(d) : 0);
                    for (size_t l = 0; l <= j; ++l) {
                        own[j * (j + 1) / 2 + l] += between * gap[j] * gap[l];
                    }
                }
            }
        }
    }
}

}  // namespace detail

// The expected statistics of the rows of one pattern, all columns of them. Returns whether every row had a density.
inline bool completed(const Kernels& kernels, const Family& family, const Fit& fit, const Pattern& pattern, Shape scatter,
                      size_t k, size_t d, size_t threads, Statistics& result) {
    const std::vector<size_t>& columns = pattern.columns;
    const size_t m = columns.size();
    const bool matrices = family.shape == Shape::tied || family.shape == Shape::full;
    std::vector<detail::Regression> given(matrices ? (family.shape == Shape::tied ? 1 : k) : 0);
    Fit part{fit.weights, {}, {}, {}};
    for (size_t i = 0; i < k; ++i) {
        for (const size_t j : columns) {
            part.means.push_back(fit.means[i * d + j]);
            if (family.shape == Shape::diag) {
                part.factors.push_back(fit.factors[i * d + j]);
            }
        }
    }
    if (family.shape == Shape::spherical) {
        part.factors = fit.factors;
    }
    for (size_t i = 0; i < given.size(); ++i) {
        if (!detail::regress(fit.covariances.data() + i * d * d, d, columns, given[i])) {
            return false;
        }
        part.factors.insert(part.factors.end(), given[i].factor.begin(), given[i].factor.end());
    }
    const std::vector<double> constants = log_constants(family, part, k, m);
    const Model model{family.shape, k, m, constants.data(), part.means.data(), part.factors.data()};
    Statistics seen;
    if (!statistics(kernels, model, pattern.rows, scatter, threads, seen)) {
        return false;
    }
    result.log_likelihood = seen.log_likelihood;
    result.weight = seen.weight;
    result.mass = seen.mass;
    result.mean = fit.means;
    const size_t size = scatter == Shape::none        ? 0
                        : scatter == Shape::spherical ? k
                        : scatter == Shape::diag      ? k * d
                                                      : triangle(d) * (scatter == Shape::full ? k : 1);
    result.scatter.assign(size, 0.0);
    std::vector<bool> observed(d, false);
    for (const size_t j : columns) {
        observed[j] = true;
    }
    for (size_t i = 0; i < k; ++i) {
        const detail::Regression* own = matrices ? &given[family.shape == Shape::tied ? 0 : i] : nullptr;
        for (size_t a = 0; a < m && seen.mass[i] > 0.0; ++a) {
            const double gap = seen.mean[i * m + a] - part.means[i * m + a];
            for (size_t j = 0; j < d; ++j) {
                const double slope = own != nullptr ? own->slopes[j * m + a] : (j == columns[a] ? 1.0 : 0.0);
                result.mean[i * d + j] += slope * gap;
            }
        }
        if (scatter == Shape::full) {
            detail::add_completed(*own, seen.scatter.data() + i * triangle(m), seen.mass[i], d, m,
                                  result.scatter.data() + i * triangle(d));
        } else if (scatter == Shape::spherical) {
            result.scatter[i] = seen.scatter[i] + seen.mass[i] * static_cast<double>(d - m) * fit.covariances[i];
        } else if (scatter == Shape::diag) {
            for (size_t j = 0; j < d; ++j) {
                result.scatter[i * d + j] = observed[j] ? 0.0 : seen.mass[i] * fit.covariances[i * d + j];
            }
            for (size_t a = 0; a < m; ++a) {
                result.scatter[i * d + columns[a]] = seen.scatter[i * m + a];
            }
        }
    }
    if (scatter == Shape::tied) {
        double mass = 0.0;
        for (const double one : seen.mass) {
            mass += one;
        }
        detail::add_completed(given[0], seen.scatter.data(), mass, d, m, result.scatter.data());
    }
    return true;
}

// Those of all patterns, merged in their order. Returns whether every row had a density and every marginal covariance
// a factor.
inline bool completed_statistics(const Kernels& kernels, const Family& family, const Fit& fit,
                                 const std::vector<Pattern>& patterns, Shape scatter, size_t k, size_t d, size_t threads,
                                 Statistics& result) {
    for (size_t p = 0; p < patterns.size(); ++p) {
        Statistics next;
        if (!completed(kernels, family, fit, patterns[p], scatter, k, d, threads, next)) {
            return false;
        }
        if (p == 0) {
            result = std::move(next);
        } else {
            detail::merge_into(result, next, scatter, k, d);
        }
    }
    return true;
}

}  // namespace gmmscape
