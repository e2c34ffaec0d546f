// The parameters of a fit, its M-step, its factors and floors: the small arithmetic between two passes.
//
// It repeats what families, covariances and objective do in Python, entry for entry, for loops that are too
// short to leave this side.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "eigen.hpp"
#include "engine.hpp"

namespace gmmscape {

// What is free, and what limits it.
struct Family {
    Shape shape;                 // of the covariances
    bool location;               // covariances stay as they are
    bool weighted;               // the weights are free
    std::vector<double> floor;   // least variance of each column; all zero for none
    std::vector<double> spread;  // standard deviation of each column of the data
    std::vector<double> scale;   // (d, d): rows times it are in the data's own units
    double log_unit;             // densities are per exp(log_unit)^d
    double resolution;           // mass below which rows tell nothing about a component
    double narrowest;            // a component this many times as narrow as a column is wide has collapsed
    std::vector<double> prior_scale;  // (d, d): covariance of the rows that each covariance is given beside its own
    std::vector<double> prior_root;   // lower triangular, prior_root prior_root' = prior_scale; empty for no prior
};

struct Fit {
    std::vector<double> weights, means, covariances, factors;
};

inline size_t covariance_size(Shape shape, size_t k, size_t d) {
    switch (shape) {
        case Shape::spherical: return k;
        case Shape::diag: return k * d;
        case Shape::tied: return d * d;
        default: return k * d * d;
    }
}

namespace detail {

// Adds a multiple of a line to another one. Products of matrices are made of these: no sum waits for its last term.
inline void add_line(double factor, const double* line, size_t n, double* result) {
    for (size_t j = 0; j < n; ++j) {
        result[j] += factor * line[j];
    }
}

// Makes the transpose of a triangular matrix of it, whose other triangle is written over.
inline void transpose(double* matrix, size_t d, bool upper) {
    for (size_t i = 0; i < d; ++i) {
        for (size_t j = i + 1; j < d; ++j) {
            double &above = matrix[i * d + j], &below = matrix[j * d + i];
            (upper ? below : above) = upper ? above : below;
            (upper ? above : below) = 0.0;
        }
    }
}

// Lower Cholesky factor of a symmetric matrix. Returns false if it is not positive definite in double.
inline bool cholesky(const double* matrix, size_t d, double* root) {
    for (size_t i = 0; i < d; ++i) {
        for (size_t j = i; j < d; ++j) {
            root[i * d + j] = matrix[j * d + i];
        }
    }
    for (size_t l = 0; l < d; ++l) {  // its transpose, line by line
        double* line = root + l * d;
        if (!(line[l] > 0.0) || !std::isfinite(line[l])) {
            return false;
        }
        line[l] = std::sqrt(line[l]);
        for (size_t i = l + 1; i < d; ++i) {
            line[i] /= line[l];
        }
        for (size_t i = l + 1; i < d; ++i) {
            add_line(-line[i], line + i, d - i, root + i * d + i);
        }
    }
    transpose(root, d, true);
    return true;
}

// The transposed inverse of a lower triangular matrix: the upper triangular precision factor.
inline void transposed_inverse(const double* root, size_t d, double* factor) {
    std::fill(factor, factor + d * d, 0.0);
    for (size_t i = 0; i < d; ++i) {
        double* line = factor + i * d;
        line[i] = 1.0;
        for (size_t l = 0; l < i; ++l) {
            add_line(-root[i * d + l], factor + l * d, l + 1, line);
        }
        for (size_t j = 0; j <= i; ++j) {
            line[j] /= root[i * d + i];
        }
    }
    transpose(factor, d, false);
}

// Adds the squared entries of A' B C to a sum; A and C are upper triangular if `triangular`.
inline void add_squares(const double* A, const double* B, const double* C, size_t d, bool triangular, double& sum) {
    std::vector<double> half(d * d, 0.0), whole(d * d, 0.0);
    for (size_t i = 0; i < d; ++i) {
        for (size_t l = 0; l < d; ++l) {
            const size_t from = triangular ? l : 0;
            add_line(B[i * d + l], C + l * d + from, d - from, half.data() + i * d + from);
        }
    }
    for (size_t l = 0; l < d; ++l) {
        for (size_t i = triangular ? l : 0; i < d; ++i) {
            add_line(A[l * d + i], half.data() + l * d, d, whole.data() + i * d);
        }
    }
    for (double entry : whole) {
        sum += entry * entry;
    }
}

// Lifts the eigenvalues of F^-1/2 C F^-1/2 to at least one. Returns whether some were below.
inline bool clip_matrix(double* covariance, size_t d, const std::vector<double>& floor) {
    // Columns that covary with no other, such as constant ones, are eigenvectors by themselves.
    std::vector<size_t> joined;
    bool lifted = false;
    for (size_t i = 0; i < d; ++i) {
        bool lone = true;
        for (size_t j = 0; j < d; ++j) {
            lone &= j == i || covariance[i * d + j] == 0.0;
        }
        if (!lone) {
            joined.push_back(i);
        } else if (covariance[i * d + i] < floor[i]) {
            covariance[i * d + i] = floor[i];
            lifted = true;
        }
    }
    const size_t m = joined.size();
    std::vector<double> scaled(m * m), root(m * m), raised(m * m, 0.0);
    for (size_t i = 0; i < m; ++i) {
        for (size_t j = 0; j < m; ++j) {
            scaled[i * m + j] = covariance[joined[i] * d + joined[j]] / std::sqrt(floor[joined[i]]) / std::sqrt(floor[joined[j]]);
        }
        scaled[i * m + i] -= 1.0;
    }
    // Far above the floor a factorisation tells so, at a fraction of the eigenvalues' price.
    if (cholesky(scaled.data(), m, root.data())) {
        return lifted;
    }
    for (size_t i = 0; i < m; ++i) {
        scaled[i * m + i] += 1.0;
    }
    const Eigen found = eigen(std::move(scaled), m);
    if (std::none_of(found.values.begin(), found.values.end(), [](double value) { return value < 1.0; })) {
        return lifted;
    }
    for (size_t l = 0; l < m; ++l) {
        const double *vector = found.vectors.data() + l * m, value = std::max(found.values[l], 1.0);
        for (size_t i = 0; i < m; ++i) {
            for (size_t j = 0; j <= i; ++j) {
                raised[i * m + j] += value * vector[i] * vector[j];
            }
        }
    }
    for (size_t i = 0; i < m; ++i) {
        for (size_t j = 0; j <= i; ++j) {
            const size_t a = joined[i], b = joined[j];
            covariance[a * d + b] = covariance[b * d + a] = raised[i * m + j] * std::sqrt(floor[a]) * std::sqrt(floor[b]);
        }
    }
    return true;
}

}  // namespace detail

// Sum over the covariances of the divergence of N(0, prior_scale) from N(0, C), as the shape can tell it: what a
// prior worth one unit of mass adds to the value (docs/mathematics.md#prior).
inline double prior_divergence(const Family& family, const Fit& fit, size_t k, size_t d) {
    if (family.location || family.prior_root.empty()) {
        return 0.0;
    }
    const std::vector<double>&scale = family.prior_scale, &root = family.prior_root, &U = fit.factors;
    double sum = 0.0;
    std::vector<double> line(d);
    if (family.shape == Shape::spherical) {
        double variance = 0.0;
        for (size_t j = 0; j < d; ++j) {
            variance += scale[j * d + j] / static_cast<double>(d);
        }
        for (size_t i = 0; i < k; ++i) {
            const double ratio = (std::sqrt(variance) * U[i]) * (std::sqrt(variance) * U[i]);
            sum += static_cast<double>(d) * (ratio - 1.0 - std::log(ratio));
        }
        return 0.5 * sum;
    }
    if (family.shape == Shape::diag) {
        for (size_t i = 0; i < k * d; ++i) {
            const double scaled = std::sqrt(scale[(i % d) * d + i % d]) * U[i];
            sum += scaled * scaled - 1.0 - 2.0 * std::log(scaled);
        }
        return 0.5 * sum;
    }
    for (size_t at = 0; at < U.size(); at += d * d) {
        for (size_t i = 0; i < d; ++i) {  // line i of root' U, both upper triangular
            std::fill(line.begin(), line.end(), 0.0);
            for (size_t l = i; l < d; ++l) {
                detail::add_line(root[l * d + i], U.data() + at + l * d + l, d - l, line.data() + l);
            }
            for (double entry : line) {
                sum += entry * entry;
            }
            sum -= 1.0 + 2.0 * std::log(root[i * d + i] * U[at + i * d + i]);
        }
    }
    return 0.5 * sum;
}

// Raises the covariances onto the floor. Returns whether some were below.
inline bool clip(const Family& family, Fit& fit, size_t k, size_t d) {
    if (family.location || std::all_of(family.floor.begin(), family.floor.end(), [](double f) { return f == 0.0; })) {
        return false;
    }
    bool lifted = false;
    const auto lift = [&](double& variance, double least) {
        lifted |= variance < least;
        variance = std::max(variance, least);
    };
    double average = 0.0;
    for (double f : family.floor) {
        average += f / static_cast<double>(d);
    }
    switch (family.shape) {
        case Shape::spherical:
            for (double& c : fit.covariances) {
                lift(c, average);
            }
            break;
        case Shape::diag:
            for (size_t i = 0; i < k * d; ++i) {
                lift(fit.covariances[i], family.floor[i % d]);
            }
            break;
        default:
            for (size_t at = 0; at < fit.covariances.size(); at += d * d) {
                lifted |= detail::clip_matrix(fit.covariances.data() + at, d, family.floor);
            }
    }
    return lifted;
}

namespace detail {

// Whether a matrix with this precision factor is singular but for rounding, so that other factorisations of it may
// fail: the trace of the inverse of its correlations bounds one over their least eigenvalue, and a factorisation
// needs that to be above d (d + 1) / 2 units of rounding (Demmel 1989). Four times as much is asked for.
inline bool lost_in_rounding(const double* matrix, const double* factor, size_t d) {
    double inverse = 0.0;
    for (size_t i = 0; i < d; ++i) {
        for (size_t j = i; j < d; ++j) {
            inverse += matrix[i * d + i] * factor[i * d + j] * factor[i * d + j];
        }
    }
    return !(2.0 * static_cast<double>(d * (d + 1)) * std::numeric_limits<double>::epsilon() * inverse < 1.0);
}

}  // namespace detail

// Computes the precision factors. Returns false if a covariance is not positive definite beyond rounding.
inline bool factorise(Shape shape, Fit& fit, size_t d) {
    fit.factors.resize(fit.covariances.size());
    if (shape == Shape::spherical || shape == Shape::diag) {
        for (size_t i = 0; i < fit.covariances.size(); ++i) {
            if (!(fit.covariances[i] > 0.0) || !std::isfinite(fit.covariances[i])) {
                return false;
            }
            fit.factors[i] = 1.0 / std::sqrt(fit.covariances[i]);
        }
        return true;
    }
    std::vector<double> root(d * d);
    for (size_t at = 0; at < fit.covariances.size(); at += d * d) {
        if (!detail::cholesky(fit.covariances.data() + at, d, root.data())) {
            return false;
        }
        detail::transposed_inverse(root.data(), d, fit.factors.data() + at);
        if (detail::lost_in_rounding(fit.covariances.data() + at, fit.factors.data() + at, d)) {
            return false;
        }
    }
    return true;
}

// Log joint density of each component at its own mean.
inline std::vector<double> log_constants(const Family& family, const Fit& fit, size_t k, size_t d) {
    constexpr double log_2pi = 1.8378770664093454836;
    std::vector<double> constants(k);
    for (size_t i = 0; i < k; ++i) {
        double determinant = static_cast<double>(d) * family.log_unit;
        for (size_t j = 0; j < d; ++j) {
            switch (family.shape) {
                case Shape::spherical: determinant += std::log(fit.factors[i]); break;
                case Shape::diag: determinant += std::log(fit.factors[i * d + j]); break;
                case Shape::tied: determinant += std::log(fit.factors[j * d + j]); break;
                default: determinant += std::log(fit.factors[(i * d + j) * d + j]);
            }
        }
        constants[i] = std::log(fit.weights[i]) + determinant - 0.5 * static_cast<double>(d) * log_2pi;
    }
    return constants;
}

// The M-step, under a prior worth so much mass for each covariance. Returns false if a covariance is singular or
// narrower than the rounding of the data; `floored` says whether a floor holds some up.
inline bool update(const Family& family, double prior, const Statistics& statistics, const Fit& current, size_t k,
                   size_t d, Fit& next, bool* floored) {
    const std::vector<double>& packed = statistics.scatter;
    next = current;
    double total = 0.0;
    for (double mass : statistics.mass) {
        total += mass;
    }
    const double least = family.location ? family.resolution : 0.0;
    for (size_t i = 0; i < k; ++i) {
        const double mass = statistics.mass[i];
        if (family.weighted) {
            next.weights[i] = mass / total;
        }
        if (!(mass + (family.location ? 0.0 : prior) > least)) {
            continue;
        }
        if (mass > 0.0) {
            std::copy_n(statistics.mean.begin() + static_cast<std::ptrdiff_t>(i * d), d,
                        next.means.begin() + static_cast<std::ptrdiff_t>(i * d));
        }
        if (family.location) {
            continue;
        }
        switch (family.shape) {
            case Shape::spherical: {
                double squares = packed[i];
                for (size_t j = 0; prior > 0.0 && j < d; ++j) {
                    squares += prior * family.prior_scale[j * d + j];
                }
                next.covariances[i] = squares / ((mass + prior) * static_cast<double>(d));
                break;
            }
            case Shape::diag:
                for (size_t j = 0; j < d; ++j) {
                    const double added = prior > 0.0 ? prior * family.prior_scale[j * d + j] : 0.0;
                    next.covariances[i * d + j] = (packed[i * d + j] + added) / (mass + prior);
                }
                break;
            case Shape::full:
                detail::unpack(packed.data() + i * triangle(d), d, next.covariances.data() + i * d * d);
                for (size_t j = 0; j < d * d; ++j) {
                    const double added = prior > 0.0 ? prior * family.prior_scale[j] : 0.0;
                    next.covariances[i * d * d + j] = (next.covariances[i * d * d + j] + added) / (mass + prior);
                }
                break;
            default: break;
        }
    }
    if (family.location) {
        return true;
    }
    if (family.shape == Shape::tied) {
        detail::unpack(packed.data(), d, next.covariances.data());
        for (size_t j = 0; j < d * d; ++j) {
            const double added = prior > 0.0 ? prior * family.prior_scale[j] : 0.0;
            next.covariances[j] = (next.covariances[j] + added) / (total + prior);
        }
    }
    *floored = clip(family, next, k, d);
    if (!factorise(family.shape, next, d)) {
        return false;
    }
    const size_t matrices = family.shape == Shape::tied ? 1 : k;
    for (size_t i = 0; i < matrices; ++i) {
        for (size_t j = 0; j < d; ++j) {
            const double factor = family.shape == Shape::spherical ? next.factors[i]
                                  : family.shape == Shape::diag    ? next.factors[i * d + j]
                                                                   : next.factors[(i * d + j) * d + j];
            if (factor * family.spread[j] > family.narrowest) {
                return false;
            }
        }
    }
    return true;
}

// Length of the step between two fits: the largest over the components of the mean's step in standard
// deviations, the relative change of the weight, and that of the covariance (Frobenius norm in its own units).
inline double step_length(const Family& family, const Fit& before, const Fit& after, size_t k, size_t d) {
    double largest = 0.0;
    std::vector<double> shift(d), change(d * d);
    for (size_t i = 0; i < k; ++i) {
        // A weight that has gone to zero goes on at a steady rate.
        const bool gone = family.weighted && before.weights[i] <= family.resolution;
        if (gone && (family.shape != Shape::tied || i > 0)) {
            continue;
        }
        const double* factor = before.factors.data();
        factor += family.shape == Shape::spherical ? i : family.shape == Shape::diag ? i * d
                                                    : family.shape == Shape::full   ? i * d * d
                                                                                    : 0;
        double squared = 0.0, relative = 0.0;
        for (size_t j = 0; j < d; ++j) {
            shift[j] = after.means[i * d + j] - before.means[i * d + j];
        }
        if (family.shape == Shape::spherical || family.shape == Shape::diag) {
            const bool diag = family.shape == Shape::diag;
            for (size_t j = 0; j < d; ++j) {
                const double u = factor[diag ? j : 0];
                squared += (shift[j] * u) * (shift[j] * u);
                const size_t at = diag ? i * d + j : i;
                const double change = (after.covariances[at] - before.covariances[at]) * u * u;
                relative += change * change;
            }
        } else {
            for (double entry : detail::transposed_product(factor, d, shift.data())) {
                squared += entry * entry;
            }
            if (family.shape == Shape::full || i == 0) {
                const double* now = after.covariances.data() + (family.shape == Shape::full ? i * d * d : 0);
                const double* then = before.covariances.data() + (family.shape == Shape::full ? i * d * d : 0);
                std::transform(now, now + d * d, then, change.begin(), std::minus<double>());
                detail::add_squares(factor, change.data(), factor, d, true, relative);
            }
        }
        largest = std::max({largest, gone ? 0.0 : std::sqrt(squared), std::sqrt(relative)});
        if (before.weights[i] > 0.0 && !gone) {
            largest = std::max(largest, std::abs(after.weights[i] - before.weights[i]) / before.weights[i]);
        }
    }
    return largest;
}

// Length of a difference of fits, in the data's own units.
inline double length_in_units(const Family& family, const Fit& difference, size_t k, size_t d) {
    double squared = 0.0;
    for (double weight : difference.weights) {
        squared += weight * weight;
    }
    const std::vector<double>& W = family.scale;
    for (size_t i = 0; i < k; ++i) {
        for (size_t j = 0; j < d; ++j) {
            double entry = 0.0;
            for (size_t l = 0; l < d; ++l) {
                entry += difference.means[i * d + l] * W[l * d + j];
            }
            squared += entry * entry;
        }
    }
    const std::vector<double>& C = difference.covariances;
    if (family.shape == Shape::spherical || family.shape == Shape::diag) {
        for (size_t i = 0; i < C.size(); ++i) {
            const size_t j = family.shape == Shape::diag ? i % d : 0;
            const double entry = C[i] * W[j * d + j] * W[j * d + j];
            squared += entry * entry;
        }
        return std::sqrt(squared);
    }
    for (size_t at = 0; at < C.size(); at += d * d) {
        detail::add_squares(W.data(), C.data() + at, W.data(), d, false, squared);
    }
    return std::sqrt(squared);
}

}  // namespace gmmscape
