// The whole loop of EM from one start: plain and extrapolated steps, and those of a quadratic model.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "options.hpp"
#include "flow.hpp"
#include "../missing_product.hpp"

namespace gmmscape {

// EM from one start; SQUAREM behind a monotone safeguard where asked for. As solve.em in Python.
class EmRun : private EmMemory {
  public:
    EmRun(const Kernels& kernels, const Family& family, const Rows<double>& rows, const EmOptions& options,
          EmProgress& progress, std::function<void()> pulse, size_t k, double prior, size_t threads)
        : EmMemory(options.second_order ? options.second_order->radius : 0.0),
          kernels_(kernels),
          family_(family),
          rows_(rows),
          options_(options),
          progress_(progress),
          pulse_(std::move(pulse)),
          k_(k),
          d_(rows.d),
          prior_(prior),
          threads_(threads) {}

    EmResult from(Fit start) {
        clip(family_, start, k_, d_);
        State state;
        if (!factorise(family_.shape, start, d_)) {
            state.fit = std::move(start);
            state.end = End::degenerate;
            history_ = {state.nll};
            return finished(std::move(state), End::degenerate);
        }
        evaluate(std::move(start), state);
        history_ = {state.nll};
        return on(std::move(state));
    }

    // Goes on where a run on the same rows stopped.
    EmResult resumed(const EmMemory& memory) {
        static_cast<EmMemory&>(*this) = memory;
        first_ = history_.size() - 1;
        return on(last_);
    }

  private:
    using State = EmState;
    using Ahead = EmAhead;

    EmResult on(State state) {
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
            if (done - first_ >= options_.max_iter) {
                return finished(std::move(state), End::max_iter);
            }
            if (const std::optional<End> end = cut_short()) {
                return finished(std::move(state), *end);
            }
            before = state.nll;
            if (!begun(state, done)) {
                advance(state);
            } else if (const std::optional<End> end = advance_by_model(state)) {
                return finished(std::move(state), *end);
            }
            history_.push_back(state.nll);
            steps_.push_back(state.step);
            costs_.push_back(options_.second_order ? cost() : 0.0);
            progress_.iterations.fetch_add(1, std::memory_order_relaxed);
            progress_.value.store(state.nll, std::memory_order_relaxed);
            if (pulse_) {
                pulse_();
            }
        }
    }

    // What ends the run from outside, if it is time.
    std::optional<End> cut_short() const {
        if (options_.deadline && Clock::now() >= *options_.deadline) {
            return End::time_limit;
        }
        return progress_.stop.load(std::memory_order_relaxed) ? std::optional(End::interrupted) : std::nullopt;
    }

    // Whether there is time for so many passes in which every row meets every component.
    bool time_for(double passes) const {
        return !options_.deadline ||
               std::chrono::duration<double>(*options_.deadline - Clock::now()) >= passes / pass_price() * pass_time_;
    }

    EmResult finished(State state, End end) {
        EmResult result;
        if (options_.keep) {
            last_ = state;
            result.memory = std::make_shared<const EmMemory>(static_cast<const EmMemory&>(*this));
        }
        result.fit = std::move(state.fit);
        result.nll = state.nll;
        result.step = state.step;
        result.starved = state.starved;
        result.end = end;
        result.history.assign(history_.begin() + static_cast<std::ptrdiff_t>(first_), history_.end());
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
        const Clock::time_point began = Clock::now();
        const bool dense = options_.patterns != nullptr
                               ? completed_statistics(kernels_, family_, state.fit, *options_.patterns, scatter, k_, d_,
                                                      threads_, found)
                           : options_.background ? statistics_before(kernels_, model, rows_, scatter, threads_,
                                                                     *options_.background, found)
                           : truncated(model, scatter, found)
                               ? true
                               : statistics(kernels_, model, rows_, scatter, threads_, found);
        work_.densities += truncation_.share;
        pass_time_ = Clock::now() - began;
        if (!dense) {
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
            state.next.weights = state.fit.weights;
            if (family_.weighted) {
                grow(state.next.weights, weight_slope(state.fit, found.mass));
            }
        }
    }

    // Whether the statistics were found by a truncated pass.
    bool truncated(const Model& model, Shape scatter, Statistics& found) {
        return options_.truncation &&
               Truncation(kernels_, rows_, *options_.truncation, truncation_, threads_).statistics(model, scatter, found);
    }

    // A step of the gradient flow by the classical method of Runge and Kutta, of order four.
    void advance_flow(State& state) {
        const double h = options_.flow_step;
        std::array<State, 3> inner;
        std::vector<Slope> slopes{slope_of(state)};
        for (size_t i = 0; i < inner.size(); ++i) {
            evaluate(flowed(family_, state.fit, {{&slopes.back(), i < 2 ? 0.5 * h : h}}), inner[i]);
            if (inner[i].end) {
                state.end = inner[i].end;
                return;
            }
            slopes.push_back(slope_of(inner[i]));
        }
        State after;
        evaluate(flowed(family_, state.fit,
                        {{&slopes[0], h / 6.0}, {&slopes[1], h / 3.0}, {&slopes[2], h / 3.0}, {&slopes[3], h / 6.0}}),
                 after);
        accept(std::move(after), state);
    }

    Slope slope_of(const State& state) const { return downhill(state.fit, state.next, state.found.mass); }

    // Takes a step unless the value rises by more than rounding.
    void accept(State after, State& state) {
        if (after.end == End::out_of_reach || !(after.nll <= state.nll + options_.largest_rise * (1.0 + std::abs(state.nll)))) {
            // Only rounding in a covariance near singularity can raise the value: the step is refused.
            state.end = after.end == End::out_of_reach ? End::out_of_reach : End::degenerate;
            return;
        }
        state = std::move(after);
    }

    void advance(State& state) {
        if (options_.flow_step > 0.0) {
            advance_flow(state);
            return;
        }
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
        accept(std::move(plain), state);
    }

    // Whether the second-order phase is possible here, and cheaper than what plain steps are expected to need: all
    // components have rows, and no floor bends the problem.
    bool begun(const State& state, size_t done) {
        if (!options_.second_order || done < options_.second_order->after || !options_.accelerate || options_.gradient ||
            done < resting_ || state.starved || state.floored) {
            return false;
        }
        if (!following_ && remaining_steps(steps_, options_.second_order->window, options_.tol) > model_price() &&
            (formed() || within_reach(state))) {
            following_ = true;
            tried_ = {cost(), state.nll, pace()};
        }
        return following_;
    }

    // Whether the Hessian is formed; else it is only multiplied with.
    bool formed() const {
        return OwnUnits::size_of(family_, k_, d_) <= options_.second_order->largest &&
               hessian_passes(OwnUnits::shape_of(family_), k_, d_) <= options_.second_order->dearest;
    }

    // What a plain pass costs, as a share of one in which every row meets every component, as the model's passes are.
    double pass_price() const { return truncation_.price; }

    // Passes that the quadratic model takes to converge, about.
    double model_price() const {
        const SecondOrder& plan = *options_.second_order;
        return formed() ? plan.price + 3.0 * hessian_passes(OwnUnits::shape_of(family_), k_, d_) / pass_price()
                        : plan.products_price / pass_price();
    }

    // Passes so far, with products.
    double cost() const { return static_cast<double>(work_.passes) + products_cost_; }

    // Whether the region is longer than the plain steps that could be made in the time of one by products.
    bool within_reach(const State& state) const { return options_.second_order->reach * state.step < model_.radius(); }

    // Fall of the value a pass, over the iterations whose steps are compared.
    double pace() const {
        const size_t n = costs_.size(), before = n - 1 - options_.second_order->window;
        return (history_[before + 1] - history_[n]) / (costs_[n - 1] - costs_[before]);
    }

    // Whether products earn less a pass than plain steps did. While those at a point serve again, and where steps end
    // inside the region, which is how they converge, they are left alone.
    bool earns_less(const State& state, bool inside) const {
        const double spent = cost() - tried_.cost;
        return !formed() && !inside && !space_ && spent >= options_.second_order->trial &&
               tried_.nll - state.nll < tried_.pace * spent;
    }

    // One step of the quadratic model; plain steps for a while where it has nothing to say. Returns what ended the run
    // before there was a step, the state being as it was.
    std::optional<End> advance_by_model(State& state) {
        const SecondOrder& plan = *options_.second_order;
        const bool correcting = ahead_.has_value();
        const State& from = correcting ? ahead_->state : state;
        const OwnUnits units(family_, prior_, from.fit, k_, d_);
        const std::vector<double> gradient = units.gradient(units.moments_of(from.found));
        if (formed() && !correcting && (!model_.known() || (model_.moved() && model_.worn(plan.secants)))) {
            if (!time_for(hessian_passes(units.shape(), k_, d_))) {
                if (options_.keep) {  // a plain step instead would lead elsewhere than a run with more time
                    return End::time_limit;
                }
                advance(state);
                return std::nullopt;
            }
            if (!measure(state, units)) {
                state.end = End::out_of_reach;
                return std::nullopt;
            }
        }
        const double products_before = products_cost_;
        const bool multiplied = !formed() && !space_;
        const double radius = correcting ? plan.correction * ahead_->length : model_.radius();
        const TrustStep step =
            formed() ? model_.step(kernels_, gradient, radius, plan.exact) : step_by_products(state, units, gradient);
        if (const std::optional<End> end = multiplied ? cut_short() : std::nullopt) {
            space_.reset();  // some products may be missing: they are made anew where the run goes on
            products_cost_ = products_before;
            return end;
        }
        if (!correcting && !(step.predicted > plan.no_fall * (1.0 + std::abs(state.nll)))) {
            rest(state);
            return std::nullopt;
        }
        State jumped = tried(units, step, gradient);
        const double predicted = correcting ? ahead_->predicted : step.predicted;
        const double length = correcting ? ahead_->length : step.length;
        double ratio = jumped.end ? -1.0 : (state.nll - jumped.nll) / predicted;
        if (formed() && !correcting && !jumped.end && !(ratio >= plan.poor)) {
            ahead_ = Ahead{std::move(jumped), predicted, length};
            return std::nullopt;
        }
        if (correcting) {
            if (jumped.end || ahead_->state.nll < jumped.nll) {
                jumped = std::move(ahead_->state);
            }
            ahead_.reset();
            // The region does not grow by what took two steps.
            ratio = std::min((state.nll - jumped.nll) / predicted, plan.poor);
        }
        const bool inside = length < 0.8 * model_.radius();
        if (model_.judge(ratio, length, plan.acceptable, plan.poor)) {
            state = std::move(jumped);
            space_.reset();
        } else if (model_.radius() < plan.least_radius) {
            rest(state);
            return std::nullopt;
        }
        if (earns_less(state, inside && ratio > plan.poor)) {
            following_ = false;
            resting_ = history_.size() + static_cast<size_t>(plan.payback * (cost() - tried_.cost));
        }
        return std::nullopt;
    }

    // A plain step, the first of several: the model has nothing to say.
    void rest(State& state) {
        model_ = QuadraticModel(options_.second_order->radius);
        space_.reset();
        following_ = false;
        resting_ = history_.size() + options_.second_order->rest;
        advance(state);
    }

    // Where a step leads; degenerate where it leaves the family. A Hessian that is formed learns from it.
    State tried(const OwnUnits& units, const TrustStep& step, const std::vector<double>& gradient) {
        Fit trial;
        State jumped;
        bool possible = units.moved(step.step, options_.second_order->longest, trial) &&
                        factorise(family_.shape, trial, d_);
        if (possible) {
            clip(family_, trial, k_, d_);
            possible = factorise(family_.shape, trial, d_);
        }
        if (!possible) {
            jumped.end = End::degenerate;
            return jumped;
        }
        evaluate(std::move(trial), jumped);
        if (!jumped.end && formed()) {
            const OwnUnits there(family_, prior_, jumped.fit, k_, d_);
            model_.learn(step.step, gradient, there.gradient(there.moments_of(jumped.found)), kernels_);
        }
        return jumped;
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
            if (cut_short()) {
                return false;
            }
            Information missing;
            ++work_.products;
            products_cost_ += options_.second_order->product_cost / pass_price();
            missing_product(kernels_, model, rows_, units.shape(), units.direction(vector).data(), threads_, missing);
            units.product(moments, vector, missing, image);
            return true;
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
        const double bend = length_in_units(family_, turn, k_, d_);
        if (!(bend > 0.0)) {
            return false;
        }
        const double alpha = length_in_units(family_, step, k_, d_) / bend;
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
            weight = family_.weighted ? weight / total : weight;  // a long jump blows rounding up, and a mass above one would pass as a gain
        }
        if (!factorise(family_.shape, trial, d_)) {
            return false;
        }
        clip(family_, trial, k_, d_);
        return factorise(family_.shape, trial, d_);
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
    size_t first_ = 0;  // iterations before this run
    std::chrono::duration<double> pass_time_{0.0};  // of the last pass
};

}  // namespace gmmscape
