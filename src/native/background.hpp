// Rows before a uniform background: what EM's step sees of them (measure/background_rows.py).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "engine.hpp"

namespace gmmscape {

// Log density of the background at each row from `first` on, per the same unit as the mixture's; and when its weight is
// found.
struct Background {
    const double* log_density;
    const double* first;
    double tolerance;  // relative change of the weight at which it is found
    size_t steps;      // to it, at most
};

namespace detail {

// The weight w in [0, 1) that maximises the sum of log((1 - w) q + w u), of densities divided by the larger of the two.
inline double best_weight(const std::vector<double>& q, const std::vector<double>& u, const Rows<double>& rows,
                          const Background& background) {
    const auto weight = [&](size_t r) { return rows.weights == nullptr ? rows.weight : rows.weights[r]; };
    double slope = 0.0;
    for (size_t r = 0; r < rows.n; ++r) {
        slope += weight(r) * ((u[r] - q[r]) / q[r]);
    }
    if (!(slope > 0.0)) {
        return 0.0;
    }
    double low = 0.0, high = 1.0, w = 0.5;
    for (size_t step = 0; step < background.steps; ++step) {
        slope = 0.0;
        double bend = 0.0;
        for (size_t r = 0; r < rows.n; ++r) {
            const double term = (u[r] - q[r]) / ((1.0 - w) * q[r] + w * u[r]);
            slope += weight(r) * term;
            bend += weight(r) * (term * term);
        }
        (slope > 0.0 ? low : high) = w;
        double following = bend > 0.0 ? w + slope / bend : low;
        if (!(low < following && following < high)) {
            following = 0.5 * (low + high);
        }
        if (std::abs(following - w) <= background.tolerance * std::max(w, following)) {
            return following;
        }
        w = following;
    }
    return w;
}

}  // namespace detail

// Statistics of what the background leaves of the rows, and the log likelihood with it. Returns whether every row had
// a density under the mixture.
inline bool statistics_before(const Kernels& kernels, const Model& model, const Rows<double>& rows, Shape scatter,
                              size_t threads, const Background& background, Statistics& result) {
    const double* uniform = background.log_density + (rows.x - background.first) / static_cast<std::ptrdiff_t>(rows.d);
    std::vector<double> own(rows.n), q(rows.n), u(rows.n);
    if (!posterior(kernels, model, rows, threads, own.data(), nullptr)) {
        return false;
    }
    for (size_t r = 0; r < rows.n; ++r) {
        const double gap = uniform[r] - own[r], small = std::exp(-std::abs(gap));
        u[r] = gap > 0.0 ? 1.0 : small;
        q[r] = gap > 0.0 ? small : 1.0;
    }
    const double w = detail::best_weight(q, u, rows, background);
    if (w == 0.0) {  // the very sums of no background
        return statistics(kernels, model, rows, scatter, threads, result);
    }
    std::vector<double> left(rows.n);
    double total = 0.0, likelihood = 0.0;
    for (size_t r = 0; r < rows.n; ++r) {
        const double weight = rows.weights == nullptr ? rows.weight : rows.weights[r];
        const double density = (1.0 - w) * q[r] + w * u[r];
        left[r] = weight * ((1.0 - w) * q[r] / density);
        total += weight;
        likelihood += weight * (std::max(own[r], uniform[r]) + std::log(density));
    }
    Rows<double> theirs = rows;
    theirs.weights = left.data();
    if (!statistics(kernels, model, theirs, scatter, threads, result)) {
        return false;
    }
    result.log_likelihood = likelihood;
    result.weight = total;
    return true;
}

}  // namespace gmmscape
