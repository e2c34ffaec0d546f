// The whole loop of EM from one start: plain and extrapolated steps, and those of a quadratic model.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "missing_product.hpp"
#include "second_order.hpp"

namespace gmmscape {

using Clock = std::chrono::steady_clock;

// Why a start has ended. The numbers are those of engine.native.ENDS in Python.
enum class End { converged, max_iter, time_limit, degenerate, interrupted, given_up, not_begun, out_of_reach };

struct EmOptions {
    double tol;
    size_t max_iter;
    bool accelerate;
    bool gradient;  // location only: each mean goes its mass times the EM step, gradient descent with step sigma^2
    // A start is given up where, after `screen` iterations, going on at the last one's pace for `outlook` more
    // would not lead below `target`.
    double target;
    size_t screen, outlook;
    bool each_iteration;  // whether each is to be seen
    std::optional<SecondOrder> second_order;  // none for plain and extrapolated steps alone
    double largest_rise;  // of the value, relative to one plus its size: more is beyond rounding
    std::optional<Clock::time_point> deadline;
};

// What the calling thread can see while starts run.
struct EmProgress {
    std::atomic<size_t> ended{0}, iterations{0};
    std::atomic<double> value{std::numeric_limits<double>::infinity()};  // of the start that moved last
    std::atomic<bool> stop{false};
};

// What a run cost: plain passes over the rows, passes with a Hessian, and products with one.
struct Work {
    size_t passes = 0, hessians = 0, products = 0;
};

struct EmResult {
    Fit fit;
    double nll = std::numeric_limits<double>::infinity();
    double step = std::numeric_limits<double>::infinity();
    bool starved = false;  // some component has no mass that the rows resolve
    End end = End::not_begun;
    std::vector<double> history;
    Work work;
};

// EM from one start; SQUAREM behind a monotone safeguard where asked for. As solve.em in Python.
class EmRun {
  public:
    EmRun(const Kernels& kernels, const Family& family, const Rows<double>& rows, const EmOptions& options,
          EmProgress& progress, std::function<void()> pulse, size_t k, double prior, size_t threads)
        : kernels_(kernels),
          family_(family),
          rows_(rows),
          options_(options),
          progress_(progress),
          pulse_(std::move(pulse)),
          k_(k),
          d_(rows.d),
          prior_(prior),
          threads_(threads),
          model_(options.second_order ? options.second_order->radius : 0.0) {}

    EmResult from(Fit start) {
        clip(family_, start, k_, d_);
        State state;
        if (!factorise(family_.shape, start, d_)) {
            state.fit = std::move(start);
            state.end = End::degenerate;
            return finished(std::move(state), End::degenerate);
        }
        evaluate(std::move(start), state);
        history_ = {state.nll};
        double before = std::numeric_limits<double>::infinity();
        while (true) {
            if (state.end) {
                return finished(std::move(state), *state.end);
            }
            if (state.step <= options_.tol) {
                return finished(std::move(state), End::converged);
            }
            const size_t done = history_.size() - 1;
            // A refused step of the model says nothing of the pace.
            if (done >= options_.screen && done > 0 && state.nll < before &&
                state.nll - static_cast<double>(options_.outlook) * (before - state.nll) > options_.target) {
                return finished(std::move(state), End::given_up);
            }
            if (done >= options_.max_iter) {
                return finished(std::move(state), End::max_iter);
            }
            if (options_.deadline && Clock::now() >= *options_.deadline) {
                return finished(std::move(state), End::time_limit);
            }
            if (progress_.stop.load(std::memory_order_relaxed)) {
                return finished(std::move(state), End::interrupted);
            }
            before = state.nll;
            if (begun(state, done)) {
                advance_by_model(state);
            } else {
                advance(state);
            }
            history_.push_back(state.nll);
            steps_.push_back(state.step);
            progress_.iterations.fetch_add(1, std::memory_order_relaxed);
            progress_.value.store(state.nll, std::memory_order_relaxed);
            if (pulse_) {
                pulse_();
            }
        }
    }

  private:
    struct State {
        Fit fit, next;
        double nll = std::numeric_limits<double>::infinity();
        double step = std::numeric_limits<double>::infinity();
        bool starved = false, floored = false;
        std::optional<End> end;
        Statistics found;
        std::vector<Fit> trail;  // up to two points before this one, joined by plain steps
    };

    EmResult finished(State state, End end) {
        EmResult result;
        result.fit = std::move(state.fit);
        result.nll = state.nll;
        result.step = state.step;
        result.starved = state.starved;
        result.end = end;
        result.history = std::move(history_);
        result.work = work_;
        return result;
    }

    void evaluate(Fit fit, State& state) {
        state.fit = std::move(fit);
        state.end.reset();
        const std::vector<double> constants = log_constants(family_, state.fit, k_, d_);
        const Model model{family_.shape, k_, d_, constants.data(), state.fit.means.data(), state.fit.factors.data()};
        const Shape scatter = family_.location ? Shape::none : family_.shape;
        Statistics& found = state.found;
        ++work_.passes;
        if (!statistics(kernels_, model, rows_, scatter, threads_, found)) {
            state.end = End::out_of_reach;
            return;
        }
        state.nll = prior_ * prior_divergence(family_, state.fit, k_, d_) - found.log_likelihood;
        state.starved = false;
        for (double mass : found.mass) {
            state.starved |= mass <= family_.resolution;
        }
        if (!update(family_, prior_, found, state.fit, k_, d_, state.next, &state.floored)) {
            state.step = std::numeric_limits<double>::infinity();
            state.end = End::degenerate;
            return;
        }
        state.step = step_length(family_, state.fit, state.next, k_, d_);
        if (options_.gradient) {
            for (size_t i = 0; i < k_ * d_; ++i) {
                const double mean = state.fit.means[i];
                state.next.means[i] = mean + found.mass[i / d_] * (state.next.means[i] - mean);
            }
        }
    }

    void advance(State& state) {
        if (options_.accelerate && state.trail.size() == 2) {
            Fit trial;
            State jumped;
            if (extrapolated(state, trial)) {
                evaluate(std::move(trial), jumped);
                if (!jumped.end && jumped.nll <= state.nll) {
                    state = std::move(jumped);
                    return;
                }
            }
        }
        State plain;
        if (!state.trail.empty()) {
            plain.trail.push_back(state.trail.back());
        }
        plain.trail.push_back(state.fit);
        evaluate(state.next, plain);
        if (plain.end == End::out_of_reach || !(plain.nll <= state.nll + options_.largest_rise * (1.0 + std::abs(state.nll)))) {
            // Only rounding in a covariance near singularity can raise the value: the step is refused.
            state.end = plain.end == End::out_of_reach ? End::out_of_reach : End::degenerate;
            return;
        }
        state = std::move(plain);
    }

    // Whether the second-order phase is possible here, and cheaper than what plain steps are expected to need: all
    // components have rows, and no floor bends the problem.
    bool begun(const State& state, size_t done) {
        if (!options_.second_order || done < options_.second_order->after || !options_.accelerate || options_.gradient ||
            done < resting_ || state.starved || state.floored) {
            return false;
        }
        following_ = following_ || (formed() ? remaining_steps() > model_price()
                                             : done >= options_.second_order->products_after);
        return following_;
    }

    // Whether the Hessian is formed; else it is only multiplied with.
    bool formed() const {
        return OwnUnits::size_of(family_, k_, d_) <= options_.second_order->largest &&
               hessian_passes(OwnUnits::shape_of(family_), k_, d_) <= options_.second_order->dearest;
    }

    // Passes that the quadratic model takes to converge, about.
    double model_price() const {
        return options_.second_order->price + 3.0 * hessian_passes(OwnUnits::shape_of(family_), k_, d_);
    }

    // Plain steps until convergence, if steps go on shrinking as they did.
    double remaining_steps() const {
        const size_t n = steps_.size(), window = options_.second_order->window;
        if (n <= window) {
            return 0.0;
        }
        const double shrinks = std::log(steps_[n - 1] / steps_[n - 1 - window]) / static_cast<double>(window);
        return shrinks < 0.0 ? std::log(options_.tol / steps_[n - 1]) / shrinks
                             : std::numeric_limits<double>::infinity();
    }

    // One step of the quadratic model; plain steps for a while where it has nothing to say.
    void advance_by_model(State& state) {
        const SecondOrder& plan = *options_.second_order;
        const OwnUnits units(family_, prior_, state.fit, k_, d_);
        const std::vector<double> gradient = units.gradient(units.moments_of(state.found));
        if (formed() && (!model_.known() || (model_.moved() && model_.worn(plan.secants))) && !measure(state, units)) {
            state.end = End::out_of_reach;
            return;
        }
        const TrustStep step = formed() ? model_.step(kernels_, gradient, plan.exact) : step_by_products(state, units, gradient);
        if (!(step.predicted > plan.no_fall * (1.0 + std::abs(state.nll)))) {
            model_ = QuadraticModel(plan.radius);
            space_.reset();
            following_ = false;
            resting_ = history_.size() + plan.rest;
            advance(state);
            return;
        }
        Fit trial;
        State jumped;
        bool possible = units.moved(step.step, plan.longest, trial) && factorise(family_.shape, trial, d_);
        if (possible) {
            clip(family_, trial, k_, d_);
            possible = factorise(family_.shape, trial, d_);
        }
        double ratio = -1.0;
        if (possible) {
            evaluate(std::move(trial), jumped);
            if (!jumped.end) {
                ratio = (state.nll - jumped.nll) / step.predicted;
                const OwnUnits there(family_, prior_, jumped.fit, k_, d_);
                if (formed()) {
                    model_.learn(step.step, gradient, there.gradient(there.moments_of(jumped.found)), kernels_);
                }
            }
        }
        if (model_.judge(ratio, step.length, plan.acceptable)) {
            state = std::move(jumped);
            space_.reset();
        } else if (model_.radius() < plan.least_radius) {
            space_.reset();
            model_ = QuadraticModel(plan.radius);
            following_ = false;
            resting_ = history_.size() + plan.rest;
            advance(state);
        }
    }

    // A step that knows the Hessian by its products only, exact enough for each to be worth its passes. After a refusal
    // the products that were made serve again.
    TrustStep step_by_products(const State& state, const OwnUnits& units, const std::vector<double>& gradient) {
        if (space_) {
            return space_->step(model_.radius());
        }
        const std::vector<double> constants = log_constants(family_, state.fit, k_, d_);
        const Model model{family_.shape, k_, d_, constants.data(), state.fit.means.data(), state.fit.factors.data()};
        const Information moments = units.moments_of(state.found);
        const auto product = [&](const double* vector, double* image) {
            Information missing;
            ++work_.products;
            missing_product(kernels_, model, rows_, units.shape(), units.direction(vector).data(), threads_, missing);
            units.product(moments, vector, missing, image);
        };
        const double tolerance = std::min(options_.second_order->rough, std::sqrt(detail::norm(gradient)));
        space_.emplace(kernels_, product, gradient, model_.radius(), tolerance,
                       options_.second_order->products, 1);
        return space_->step(model_.radius());
    }

    // The exact Hessian, from a pass of its own.
    bool measure(const State& state, const OwnUnits& units) {
        const std::vector<double> constants = log_constants(family_, state.fit, k_, d_);
        const Model model{family_.shape, k_, d_, constants.data(), state.fit.means.data(), state.fit.factors.data()};
        Information found;
        ++work_.hessians;
        if (!information(kernels_, model, rows_, units.shape(), true, threads_, found)) {
            return false;
        }
        units.complete(found, found.missing);
        model_.set(std::move(found.missing));
        return true;
    }

    // Squared extrapolation of three points joined by plain steps (scheme S3 of Varadhan and Roland, 2008).
    bool extrapolated(const State& state, Fit& trial) const {
        const Fit &first = state.trail[0], &second = state.trail[1], &third = state.fit;
        const auto parts = [](auto& fit) { return std::array{&fit.weights, &fit.means, &fit.covariances}; };
        Fit step = first, turn = first;
        const auto a = parts(first), b = parts(second), c = parts(third);
        const auto s = parts(step), t = parts(turn);
        for (size_t part = 0; part < a.size(); ++part) {
            for (size_t i = 0; i < a[part]->size(); ++i) {
                (*s[part])[i] = (*b[part])[i] - (*a[part])[i];
                (*t[part])[i] = ((*c[part])[i] - (*b[part])[i]) - (*s[part])[i];
            }
        }
        const double bend = length(turn);
        if (!(bend > 0.0)) {
            return false;
        }
        const double alpha = length(step) / bend;
        if (!(alpha > 1.0)) {
            return false;
        }
        trial = first;
        const auto x = parts(trial);
        for (size_t part = 0; part < a.size(); ++part) {
            for (size_t i = 0; i < a[part]->size(); ++i) {
                (*x[part])[i] += 2.0 * alpha * (*s[part])[i] + alpha * alpha * (*t[part])[i];
            }
        }
        double total = 0.0;
        for (double weight : trial.weights) {
            if (!(weight > 0.0)) {
                return false;
            }
            total += weight;
        }
        for (double& weight : trial.weights) {
            weight = family_.location ? weight : weight / total;  // a long jump blows rounding up, and a mass above one would pass as a gain
        }
        if (!factorise(family_.shape, trial, d_)) {
            return false;
        }
        clip(family_, trial, k_, d_);
        return factorise(family_.shape, trial, d_);
    }

    // Length of a difference of fits, in the data's own units.
    double length(const Fit& difference) const {
        double squared = 0.0;
        for (double weight : difference.weights) {
            squared += weight * weight;
        }
        const std::vector<double>& W = family_.scale;
        for (size_t i = 0; i < k_; ++i) {
            for (size_t j = 0; j < d_; ++j) {
                double entry = 0.0;
                for (size_t l = 0; l < d_; ++l) {
                    entry += difference.means[i * d_ + l] * W[l * d_ + j];
                }
                squared += entry * entry;
            }
        }
        const std::vector<double>& C = difference.covariances;
        if (family_.shape == Shape::spherical || family_.shape == Shape::diag) {
            for (size_t i = 0; i < C.size(); ++i) {
                const size_t j = family_.shape == Shape::diag ? i % d_ : 0;
                const double entry = C[i] * W[j * d_ + j] * W[j * d_ + j];
                squared += entry * entry;
            }
            return std::sqrt(squared);
        }
        std::vector<double> half(d_ * d_);
        for (size_t at = 0; at < C.size(); at += d_ * d_) {
            for (size_t i = 0; i < d_; ++i) {
                for (size_t j = 0; j < d_; ++j) {
                    half[i * d_ + j] = 0.0;
                    for (size_t l = 0; l < d_; ++l) {
                        half[i * d_ + j] += C[at + i * d_ + l] * W[l * d_ + j];
                    }
                }
            }
            for (size_t i = 0; i < d_; ++i) {
                for (size_t j = 0; j < d_; ++j) {
                    double entry = 0.0;
                    for (size_t l = 0; l < d_; ++l) {
                        entry += W[l * d_ + i] * half[l * d_ + j];
                    }
                    squared += entry * entry;
                }
            }
        }
        return std::sqrt(squared);
    }

    const Kernels& kernels_;
    const Family& family_;
    const Rows<double> rows_;
    const EmOptions& options_;
    EmProgress& progress_;
    const std::function<void()> pulse_;  // after each iteration; none on threads that Python does not know
    const size_t k_, d_;
    const double prior_;  // mass of the rows that each covariance is given
    const size_t threads_;  // of each pass
    std::vector<double> history_, steps_;
    Work work_;
    QuadraticModel model_;
    std::optional<KrylovSpace> space_;
    bool following_ = false;
    size_t resting_ = 0;  // the iteration from which on the model is tried again
};

}  // namespace gmmscape
