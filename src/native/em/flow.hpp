// Steepest descent of the location family: slopes in means and log weights, and where sums of them lead.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "../fit.hpp"

namespace gmmscape {

// Minus the slope in means and log weights, times sigma^2.
struct Slope {
    std::vector<double> means, logs;
};

// That in the log weights, where a component has this mass.
inline std::vector<double> weight_slope(const Fit& fit, const std::vector<double>& mass) {
    std::vector<double> slope(mass.size());
    for (size_t i = 0; i < mass.size(); ++i) {
        slope[i] = mass[i] - fit.weights[i];
    }
    return slope;
}

// The slope at a fit of which `next` is a step of gradient descent.
inline Slope downhill(const Fit& fit, const Fit& next, const std::vector<double>& mass) {
    Slope slope{next.means, weight_slope(fit, mass)};
    for (size_t i = 0; i < slope.means.size(); ++i) {
        slope.means[i] -= fit.means[i];
    }
    return slope;
}

// Weights after a change of their logarithms.
inline void grow(std::vector<double>& weights, const std::vector<double>& change) {
    double total = 0.0;
    for (size_t i = 0; i < weights.size(); ++i) {
        weights[i] *= std::exp(change[i]);
        total += weights[i];
    }
    for (double& weight : weights) {
        weight /= total;
    }
}

// Where slopes, each with its time, lead from a fit.
inline Fit flowed(const Family& family, const Fit& from, const std::vector<std::pair<const Slope*, double>>& parts) {
    Fit to = from;
    std::vector<double> change(from.weights.size(), 0.0);
    for (const auto& [slope, time] : parts) {
        for (size_t i = 0; i < to.means.size(); ++i) {
            to.means[i] += time * slope->means[i];
        }
        for (size_t i = 0; i < change.size(); ++i) {
            change[i] += time * slope->logs[i];
        }
    }
    if (family.weighted) {
        grow(to.weights, change);
    }
    return to;
}

}  // namespace gmmscape
