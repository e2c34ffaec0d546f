// What a run of EM from one start is given, what others see of it meanwhile, and what it leaves.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "../background.hpp"
#include "../fit.hpp"
#include "patterns.hpp"
#include "../second_order.hpp"
#include "../truncated/truncation.hpp"

namespace gmmscape {

struct EmMemory;

using Clock = std::chrono::steady_clock;

// Why a start has ended. The numbers are those of engine.native.ENDS in Python.
enum class End { converged, max_iter, time_limit, degenerate, interrupted, given_up, not_begun, out_of_reach };

struct EmOptions {
    double tol;
    size_t max_iter;
    bool accelerate;
    // Held covariances only: gradient descent with step sigma^2, in which each mean goes its mass times the EM step; or,
    // where `flow_step` is positive, the gradient flow by steps of that many sigma^2.
    bool gradient;
    double flow_step;
    // A start is given up where, after `screen` iterations, going on at the last one's pace for `outlook` more
    // would not lead below `target`.
    double target;
    size_t screen, outlook;
    bool each_iteration;  // whether each is to be seen
    std::optional<SecondOrder> second_order;  // none for plain and extrapolated steps alone
    double largest_rise;  // of the value, relative to one plus its size: more is beyond rounding
    std::optional<Clock::time_point> deadline;
    std::optional<Background> background;  // that all rows stand before
    bool keep = false;  // whether what it takes to go on is kept
    std::shared_ptr<const EmMemory> resume;  // what is gone on from, where there is one start
    const std::vector<Pattern>* patterns = nullptr;  // all rows, where values are missing
    std::optional<TruncationPlan> truncation;  // none where each row is to meet every component
};

// What the calling thread can see while starts run.
struct EmProgress {
    std::atomic<size_t> ended{0}, iterations{0};
    std::atomic<double> value{std::numeric_limits<double>::infinity()};  // of the start that moved last
    std::atomic<bool> stop{false};
};

// What a run cost: plain passes over the rows, passes with a Hessian, and products with one; densities of the plain
// passes, in rows times components.
struct Work {
    size_t passes = 0, hessians = 0, products = 0;
    double densities = 0.0;
};

struct EmResult {
    Fit fit;
    double nll = std::numeric_limits<double>::infinity();
    double step = std::numeric_limits<double>::infinity();
    bool starved = false;  // some component has no mass that the rows resolve
    End end = End::not_begun;
    std::vector<double> history;
    Work work;
    std::shared_ptr<const EmMemory> memory;  // where that was asked for
};

}  // namespace gmmscape
