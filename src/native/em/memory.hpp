// What EM from one start knows while it runs: enough to go on, later, as if it had not stopped.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "options.hpp"
#include "../trust_region.hpp"

namespace gmmscape {

// A point, and the step from there.
struct EmState {
    Fit fit, next;
    double nll = std::numeric_limits<double>::infinity();
    double step = std::numeric_limits<double>::infinity();
    bool starved = false, floored = false;
    std::optional<End> end;
    Statistics found;
    std::vector<Fit> trail;  // up to two points before this one, joined by plain steps
};

// A point from which one more step is tried before it is judged.
struct EmAhead {
    EmState state;
    double predicted, length;  // of the step that led there
};

// Where a try of the model began, and the pace of plain steps before it.
struct EmTry {
    double cost = 0.0, nll = 0.0, pace = 0.0;
};

struct EmMemory {
    explicit EmMemory(double radius) : model_(radius) {}

    EmState last_;  // where it stopped
    std::vector<double> history_, steps_, costs_;  // values from the start on; step and passes of each iteration
    Work work_;
    double products_cost_ = 0.0;  // of all products so far, in plain passes
    QuadraticModel model_;
    std::optional<KrylovSpace> space_;
    std::optional<EmAhead> ahead_;
    EmTry tried_;
    TruncationState truncation_;
    bool following_ = false;
    size_t resting_ = 0;  // the iteration from which on the model is tried again
};

// Plain steps until convergence, if the lengths of steps go on shrinking as they did over the last ones.
inline double remaining_steps(const std::vector<double>& steps, size_t window, double tol) {
    const size_t n = steps.size();
    if (n <= window) {
        return 0.0;
    }
    const double shrinks = std::log(steps[n - 1] / steps[n - 1 - window]) / static_cast<double>(window);
    return shrinks < 0.0 ? std::log(tol / steps[n - 1]) / shrinks : std::numeric_limits<double>::infinity();
}

}  // namespace gmmscape
