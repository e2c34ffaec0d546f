// When passes are truncated, and the statistics of one that is: each block of rows meets only components that matter.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "pass.hpp"

namespace gmmscape {

// As engine.Truncation in Python.
struct TruncationPlan {
    size_t least_components, block_rows, wide_block_rows;  // the latter where there are many columns
    double left_out, light;         // share of a row, by component; mass, relative to the average, below which none is
    double pays;                    // share of the work of a whole pass below which it is done
    size_t sample_rows, sample_blocks, sample_components;
    double sorting;                 // what it costs to sort a row, in operations
    size_t shortest_wait, longest_wait;  // passes between tries
    size_t most_bytes;              // that the order of the rows may take, with copies of them
};

// What is known from pass to pass: the order of the rows, and how it fares. It says nothing of results.
struct TruncationState {
    std::shared_ptr<const RowBlocks> blocks;
    std::vector<char> never;  // components that are left out nowhere, because they have next to no mass
    double first = 0.0;       // work of the first pass in this order
    double excess = 0.0;      // that of later ones beyond it
    bool stale = false;       // whether the next pass is to bring a new order
    size_t waiting = 0, wait = 0;
    double share = 1.0;       // of the densities of a whole pass in the last one
    double price = 1.0;       // of its work
};

// The statistics of passes over the same rows, one after the other.
class Truncation {
  public:
    // Rows are copied in their order where memory is enough and they are not near each other anyway: `copied`.
    Truncation(const Kernels& kernels, const Rows<double>& rows, const TruncationPlan& plan, TruncationState& state,
               size_t threads, bool copied = true)
        : kernels_(kernels), rows_(rows), plan_(plan), state_(state), threads_(threads), copied_(copied) {}

    // Sorts the rows by a model, where passes in that order pay; later ones, of copies of the state, depend on no others.
    void sort_by(const Model& model, Shape scatter) {
        const ComponentBounds bounds(model);
        LeftOut left = left_out(model.k);
        if (possible(model.k) && begin(model, scatter, bounds, left)) {
            Statistics unused;
            statistics(model, scatter, unused);
        }
    }

    // Computes the statistics, where a truncated pass pays and every row has a density; else returns false.
    bool statistics(const Model& model, Shape scatter, Statistics& result) {
        const size_t k = model.k;
        state_.share = state_.price = 1.0;
        if (!possible(k)) {
            return false;
        }
        if (state_.waiting > 0) {
            --state_.waiting;
            return false;
        }
        const ComponentBounds bounds(model);
        LeftOut left = left_out(k);
        const bool fresh = state_.blocks == nullptr;
        if (fresh && !begin(model, scatter, bounds, left)) {
            wait();
            return false;
        }
        const std::shared_ptr<const RowBlocks> blocks = state_.blocks;
        const double operations = static_cast<double>(rows_.n) * plan_.pays * each_density(model) * 32.0;
        const size_t threads = std::min(threads_, worthwhile_threads(operations));
        while (true) {
            std::vector<unsigned> nearest(state_.stale ? rows_.n : 0);
            TruncatedPass pass(kernels_, model, rows_, scatter, *blocks, bounds, left, threads);
            if (!pass.run(nullptr, true, nearest.empty() ? nullptr : &nearest)) {
                return false;
            }
            const bool more = note_light(model, pass, left);
            if (more && pays(pass.work / static_cast<double>(rows_.n), k)) {
                continue;
            }
            judge(pass, fresh, bounds, model, nearest);
            if (more) {
                return false;
            }
            result = statistics_of(pass.moments, scatter, k, model.d, model.means, pass.sums);
            if (!cancelled(pass, scatter, model, result)) {
                return true;
            }
            const std::vector<double> about = result.mean;
            TruncatedPass again(kernels_, model, rows_, scatter, *blocks, bounds, left, threads);
            const bool dense = again.run(about.data(), false, nullptr);
            result = statistics_of(again.moments, scatter, k, model.d, about.data(), again.sums);
            return dense;
        }
    }

  private:
    bool possible(size_t k) const {
        return k >= plan_.least_components && rows_.n > 4 * block_rows() && rows_.n < size_t{1} << 32 &&
               affordable(false);
    }

    LeftOut left_out(size_t k) const {
        LeftOut left{std::log(plan_.left_out / static_cast<double>(k)), state_.never};
        left.never.resize(k, 0);
        return left;
    }

    // Operations, about, as useful_threads counts them.
    static double each_density(const Model& model) {
        return 30.0 + 2.0 * static_cast<double>(1 + model.d + count(squares_of(model.shape), model.d));
    }

    // Whether memory is enough for the order of the rows, their components and the boxes, and for copies of the rows.
    bool affordable(bool copies) const {
        const size_t columns = rows_.d + (rows_.weights == nullptr ? 0 : 1);
        const size_t boxes = (4 * rows_.d + 3) * sizeof(double) / block_rows() + 1;
        const size_t row = 2 * sizeof(unsigned) + boxes + (copies ? columns * sizeof(double) : 0);
        return rows_.n <= plan_.most_bytes / row;
    }

    // Cuts make a block smaller only where there are few columns.
    size_t block_rows() const { return rows_.d < MANY_COLUMNS ? plan_.block_rows : plan_.wide_block_rows; }

    bool pays(double work, size_t k) const { return work <= plan_.pays * static_cast<double>(k); }

    void wait() {
        state_.blocks.reset();
        state_.waiting = std::max(state_.wait, plan_.shortest_wait);
        state_.wait = std::min(2 * state_.waiting, plan_.longest_wait);
    }

    // Sorts the rows, unless some of them say before that it would not pay.
    bool begin(const Model& model, Shape scatter, const ComponentBounds& bounds, const LeftOut& left) {
        const size_t k = model.k;
        if (!pays(2.0 * components_of_some(model, left.log_share), k)) {
            return false;
        }
        // Fewer rows make larger blocks, unless a component has no more than one of them or there are many columns.
        const size_t part = rows_.n / PART;
        if (part > 0 && (part <= k * block_rows() || rows_.d >= MANY_COLUMNS)) {
            std::vector<double> x;
            const Rows<double> rows = some(part, x);
            const std::vector<unsigned> nearest = gmmscape::nearest(kernels_, model, rows, threads_);
            if (!pays(cost_of_some(rows, model, scatter, bounds, left, nearest).first, k)) {
                return false;
            }
        }
        const std::vector<unsigned> nearest = gmmscape::nearest(kernels_, model, rows_, threads_);
        if (!pays(cost_of_some(rows_, model, scatter, bounds, left, nearest).second, k)) {
            return false;
        }
        sort(model, bounds, nearest);
        return true;
    }

    static constexpr size_t PART = 16, MANY_COLUMNS = 8;

    // Densities and work a row, in blocks of the rows of some components.
    std::pair<double, double> cost_of_some(const Rows<double>& rows, const Model& model, Shape scatter,
                                           const ComponentBounds& bounds, const LeftOut& left,
                                           const std::vector<unsigned>& nearest) const {
        const size_t step = std::max<size_t>(model.k / plan_.sample_components, 1);
        const RowBlocks blocks = row_blocks(rows, model, nearest, scale_of(bounds), block_rows(), step, true, threads_);
        return TruncatedPass(kernels_, model, rows, scatter, blocks, bounds, left, 1).cost_of_some(plan_.sample_blocks);
    }

    // Some rows, evenly along the data, as copies in `x`.
    Rows<double> some(size_t count, std::vector<double>& x) const {
        const size_t d = rows_.d;
        x.resize(count * d);
        for (size_t r = 0; r < count; ++r) {
            std::copy_n(rows_.x + r * rows_.n / count * d, d, x.data() + r * d);
        }
        return {x.data(), count, d, rows_.origin, nullptr, 1.0};
    }

    // Components a row that have a share in its density, of some rows.
    double components_of_some(const Model& model, double log_share) const {
        const size_t some = std::min(plan_.sample_rows, rows_.n / PART + 1);
        std::vector<double> x, responsibilities(some * model.k);
        const Rows<double> sample = this->some(some, x);
        posterior<double>(kernels_, model, sample, threads_, nullptr, responsibilities.data());
        const double least = std::exp(log_share);
        return static_cast<double>(std::count_if(responsibilities.begin(), responsibilities.end(),
                                                 [&](double r) { return r > least; })) /
               static_cast<double>(some);
    }

    static std::vector<double> scale_of(const ComponentBounds& bounds) {
        std::vector<double> scale(bounds.high.size());
        std::transform(bounds.high.begin(), bounds.high.end(), scale.begin(), [](double a) { return std::sqrt(a); });
        return scale;
    }

    void sort(const Model& model, const ComponentBounds& bounds, const std::vector<unsigned>& nearest) {
        state_.blocks = std::make_shared<const RowBlocks>(
            row_blocks(rows_, model, nearest, scale_of(bounds), block_rows(), 1, copied_ && affordable(true),
                       threads_));
        state_.first = state_.excess = 0.0;
        state_.stale = false;
    }

    // Marks components whose mass is so small that what was left out may matter to them; says whether some are new.
    bool note_light(const Model& model, const TruncatedPass& pass, LeftOut& left) {
        const double average = pass.sums[1] / static_cast<double>(model.k);
        bool more = false;
        state_.never.assign(model.k, 0);  // of the next pass: a little more, lest it be repeated
        for (size_t i = 0; i < model.k; ++i) {
            const double mass = pass.sums[pass.moments.mass + i];
            const bool possible = model.log_constants[i] > -std::numeric_limits<double>::infinity();
            const bool light = possible && !(mass > plan_.light * average);
            more |= light && left.never[i] == 0;
            left.never[i] |= light ? 1 : 0;
            state_.never[i] = possible && !(mass > 2.0 * plan_.light * average) ? 1 : 0;
        }
        return more;
    }

    // Whether to go on like this, after a pass.
    void judge(const TruncatedPass& pass, bool fresh, const ComponentBounds& bounds, const Model& model,
               const std::vector<unsigned>& nearest) {
        const double n = static_cast<double>(rows_.n);
        const double work = pass.work;
        state_.share = pass.densities / (n * static_cast<double>(model.k));
        state_.price = std::min(1.0, work / (n * static_cast<double>(model.k)));
        if (!nearest.empty()) {
            sort(model, bounds, nearest);
            return;
        }
        if (!pays(work / n, model.k)) {
            wait();
            return;
        }
        state_.wait = 0;
        if (fresh || state_.first == 0.0) {
            state_.first = work;
        }
        state_.excess += std::max(work - state_.first, 0.0);
        state_.stale = state_.excess * each_density(model) > plan_.sorting * n;
    }

    // Whether squares of changes of place, of blocks' centers and of means, are so much larger than what is left of
    // them that digits are gone.
    static bool cancelled(const TruncatedPass& pass, Shape scatter, const Model& model, const Statistics& found) {
        const size_t d = model.d, columns = pass.lost.size() / model.k;
        const double limit = cancellation_limit<double>;
        std::vector<double> pooled(d, 0.0), lost(d);
        for (size_t i = 0; columns > 0 && i < model.k; ++i) {
            double sum = 0.0;
            if (!(found.mass[i] > 0.0)) {
                continue;
            }
            for (size_t j = 0; j < d; ++j) {
                const double moved = found.mean[i * d + j] - model.means[i * d + j];
                lost[j] = found.mass[i] * moved * moved + (columns > 1 ? pass.lost[i * d + j] : 0.0);
                sum += lost[j];
                pooled[j] += lost[j];
                if ((scatter == Shape::diag && !(lost[j] <= limit * found.scatter[i * d + j])) ||
                    (scatter == Shape::full &&
                     !(lost[j] <= limit * found.scatter[i * triangle(d) + triangle(j + 1) - 1]))) {
                    return true;
                }
            }
            if (scatter == Shape::spherical && !(sum + pass.lost[i] <= limit * found.scatter[i])) {
                return true;
            }
        }
        for (size_t j = 0; j < d && scatter == Shape::tied; ++j) {
            if (!(pooled[j] <= limit * found.scatter[triangle(j + 1) - 1])) {
                return true;
            }
        }
        return false;
    }

    const Kernels& kernels_;
    const Rows<double>& rows_;
    const TruncationPlan& plan_;
    TruncationState& state_;
    const size_t threads_;
    const bool copied_;
};

}  // namespace gmmscape
