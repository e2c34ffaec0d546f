// One pass over all rows in which each block of rows meets only the components that matter there.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "listed_plan.hpp"
#include "row_blocks.hpp"

namespace gmmscape {

// Sums of a run of blocks, of the components that it meets: mass, first and second moments, and what digits the change
// of their place may have lost; then what all components share.
struct ListedSums {
    std::vector<unsigned> components;
    std::vector<double> sums, shared;
    double densities = 0.0, work = 0.0;
};

// The pass, its moments as those of a whole one. `nearest`, where given, gets the component of largest responsibility
// of each row.
class TruncatedPass {
  public:
    TruncatedPass(const Kernels& kernels, const Model& model, const Rows<double>& rows, Shape scatter,
                  const RowBlocks& blocks, const ComponentBounds& bounds, const LeftOut& left, size_t threads)
        : kernels_(kernels), model_(model), rows_(rows), scatter_(scatter), blocks_(blocks), bounds_(bounds),
          left_(left), threads_(threads) {}

    // Moments about `about`, the means if null. Returns whether every row had a density.
    bool run(const double* about, bool features, std::vector<unsigned>* nearest) {
        const PlanOf<double> owner(model_, scatter_, about, false);
        const Plan<double>& whole = owner.plan();
        moments = whole.moments;
        nearest_ = nearest;
        each_ = 1 + model_.d + moments.each;
        if (runs_.empty()) {
            cut_runs();
        }
        std::vector<ListedSums> parts(runs_.size());
        std::atomic<bool> dense{true};
        share_out(runs_.size(), threads_, [&](auto next) {
            Walk walk(*this, whole, features);
            for (size_t c = next(); c < runs_.size(); c = next()) {
                if (!walk.over(runs_[c], parts[c])) {
                    dense = false;
                }
            }
        });
        add(parts);
        return dense;
    }

    // Densities and work of the pass, for each row of some blocks.
    std::pair<double, double> cost_of_some(size_t most) const {
        const PlanOf<double> owner(model_, scatter_, nullptr, false);
        Walk walk(*this, owner.plan(), true);
        std::vector<unsigned> all(model_.k);
        std::iota(all.begin(), all.end(), 0U);
        double densities = 0.0, taken = 0.0, rows = 0.0;
        for (size_t at = 0, some = std::min(most, blocks_.blocks()); at < some; ++at) {
            const size_t b = at * blocks_.blocks() / some;
            const auto [own_densities, own_work] = walk.cost_at(b, all);
            densities += own_densities;
            taken += own_work;
            rows += static_cast<double>(blocks_.starts[b + 1] - blocks_.starts[b]);
        }
        const double none = static_cast<double>(model_.k);
        return rows > 0.0 ? std::pair{densities / rows, taken / rows} : std::pair{none, none};
    }

    Moments moments{};
    std::vector<double> sums;  // as `moments` lays them out
    std::vector<double> lost;  // (k, columns of second moments): mass times squared change of place
    double densities = 0.0;    // that were computed
    double work = 0.0;         // what the pass took, in densities of a whole one

  private:
    // Blocks [first, last), and the components that they may meet.
    struct Run {
        size_t first, last;
        std::vector<unsigned> list;
    };

    static constexpr size_t RUNS = 64;  // about: shared out to threads, and of any number of these

    const double* center(size_t first, size_t last) const {
        return box(blocks_.center, blocks_.run_center, first, last);
    }
    const double* half(size_t first, size_t last) const { return box(blocks_.half, blocks_.run_half, first, last); }
    const double* box(const std::vector<double>& own, const std::vector<double>& runs, size_t first,
                      size_t last) const {
        return last - first == 1 ? own.data() + first * blocks_.d : runs.data() + (first + last) / 2 * blocks_.d;
    }

    // Runs and their lists, from the whole down: near the root lists are long and boxes few.
    void cut_runs() {
        const size_t most = (blocks_.blocks() + RUNS - 1) / RUNS;
        std::vector<unsigned> all(model_.k);
        std::iota(all.begin(), all.end(), 0U);
        Candidates candidates(kernels_, bounds_, left_);
        std::vector<Run> open;
        open.push_back({0, blocks_.blocks(), std::move(all)});
        while (!open.empty()) {
            Run run = std::move(open.back());
            open.pop_back();
            Run narrowed{run.first, run.last, {}};
            candidates.narrow(center(run.first, run.last), half(run.first, run.last), run.list, narrowed.list);
            if (run.last - run.first <= most) {
                runs_.push_back(std::move(narrowed));
                continue;
            }
            const size_t middle = (run.first + run.last) / 2;
            open.push_back({middle, run.last, narrowed.list});
            open.push_back({run.first, middle, std::move(narrowed.list)});
        }
    }

    // What one thread walks over runs with.
    class Walk {
      public:
        Walk(const TruncatedPass& pass, const Plan<double>& whole, bool features)
            : pass_(pass), whole_(whole), plan_(pass.bounds_, whole, features),
              candidates_(pass.kernels_, pass.bounds_, pass.left_),
              slots_(pass.model_.k, NOWHERE) {}

        bool over(const Run& run, ListedSums& part) {
            part_ = &part;
            part.shared.assign(2 + (pass_.scatter_ == Shape::tied ? triangle(pass_.model_.d) : 0), 0.0);
            dense_ = true;
            descend(run.first, run.last, run.list, 0);
            for (unsigned i : part.components) {
                slots_[i] = NOWHERE;
            }
            return dense_;
        }

        // Densities and work of a block that may meet all components.
        std::pair<double, double> cost_at(size_t b, const std::vector<unsigned>& all) {
            const size_t rows = listed(b, all).n;
            return {static_cast<double>(rows * list_.size()), work(rows, all.size())};
        }

      private:
        static constexpr unsigned NOWHERE = ~0U;
        static constexpr size_t PASSED_OVER = 2, MANY_COLUMNS = 4;

        // What a block takes, in densities of a whole pass: as measured, a list costs some rows more for plan and
        // moments, and bounds cost some densities, near ones more.
        double work(size_t rows, size_t among) const {
            constexpr size_t laying_out = 24, refining = 12, narrowing = 3;
            return static_cast<double>(((rows + 7) / 8 * 8 + laying_out) * list_.size() + refining * near_.size() +
                                       narrowing * among);
        }

        // Where boxes are so large that lists hardly get shorter, levels are passed over.
        void descend(size_t first, size_t last, const std::vector<unsigned>& list, size_t depth, size_t pass_over = 0) {
            if (last - first == 1) {
                block(first, list);
                return;
            }
            const size_t middle = (first + last) / 2;
            if (pass_over > 0) {
                descend(first, middle, list, depth + 1, pass_over - 1);
                descend(middle, last, list, depth + 1, pass_over - 1);
                return;
            }
            while (lists_.size() <= depth) {
                lists_.push_back(std::make_unique<std::vector<unsigned>>());  // stays where it is as more are added
            }
            std::vector<unsigned>& own = *lists_[depth];
            for (const auto& [from, to] : {std::pair{first, middle}, std::pair{middle, last}}) {
                if (to - from == 1) {
                    block(from, list);
                    continue;
                }
                candidates_.narrow(pass_.center(from, to), pass_.half(from, to), list, own);
                descend(from, to, own, depth + 1, 4 * own.size() > 3 * list.size() ? PASSED_OVER : 0);
            }
        }

        // The list of a block, and its rows.
        Rows<double> listed(size_t b, const std::vector<unsigned>& among) {
            const double *center = pass_.center(b, b + 1), *half = pass_.half(b, b + 1);
            const Rows<double> rows = gathered(b);
            fetch(b + 1);
            // In many columns balls are smaller than boxes.
            if (pass_.model_.d < MANY_COLUMNS) {
                candidates_.narrow(center, half, among, near_);
            } else {
                candidates_.narrow(center, pass_.blocks_.radius[b], among, near_);
            }
            candidates_.refine(center, half, pass_.blocks_.radius[b], near_, list_, [&](size_t i) {
                return pass_.model_.shape == Shape::spherical
                           ? 0.0
                           : pass_.kernels_.furthest(whole_, rows, scratch(1), 0, rows.n, i, center);
            });
            return rows;
        }

        void block(size_t b, const std::vector<unsigned>& among) {
            const double *center = pass_.center(b, b + 1), *half = pass_.half(b, b + 1);
            const Rows<double> rows = listed(b, among);
            const Plan<double>& plan = plan_.of(list_, center, half);
            moments_.assign(plan.moments.size, 0.0);
            const Scratch<double>& working = scratch(plan.k);
            dense_ &= pass_.kernels_.f64.moments(plan, rows, working, 0, rows.n, moments_.data());
            part_->densities += static_cast<double>(rows.n * list_.size());
            part_->work += work(rows.n, among.size());
            add(plan, center);
            if (pass_.nearest_ != nullptr) {
                note_nearest(b, rows.n, working);
            }
        }

        // The rows of a block, one behind the other.
        Rows<double> gathered(size_t b) {
            const RowBlocks& blocks = pass_.blocks_;
            const size_t d = blocks.d, count = blocks.starts[b + 1] - blocks.starts[b];
            if (!blocks.x.empty()) {
                Rows<double> rows = pass_.rows_;
                rows.x = blocks.x.data() + blocks.starts[b] * d;
                rows.n = count;
                rows.weights = rows.weights == nullptr ? nullptr : blocks.weights.data() + blocks.starts[b];
                return rows;
            }
            const unsigned* order = blocks.order.data() + blocks.starts[b];
            x_.resize(count * d);
            for (size_t r = 0; r < count; ++r) {
                const double* from = pass_.rows_.x + static_cast<size_t>(order[r]) * d;
                for (size_t j = 0; j < d; ++j) {
                    x_[r * d + j] = from[j];
                }
            }
            Rows<double> rows = pass_.rows_;
            rows.x = x_.data();
            rows.n = count;
            if (rows.weights != nullptr) {
                weights_.resize(count);
                for (size_t r = 0; r < count; ++r) {
                    weights_[r] = pass_.rows_.weights[order[r]];
                }
                rows.weights = weights_.data();
            }
            return rows;
        }

        // Rows of the next block are on their way while this one is computed: they lie anywhere.
        void fetch(size_t b) const {
            const RowBlocks& blocks = pass_.blocks_;
            constexpr size_t line = 64 / sizeof(double);
            if (!blocks.x.empty() || b >= blocks.blocks()) {
                return;
            }
            for (size_t at = blocks.starts[b]; at < blocks.starts[b + 1]; ++at) {
                const double* row = pass_.rows_.x + static_cast<size_t>(blocks.order[at]) * blocks.d;
                for (size_t j = 0; j < blocks.d; j += line) {
                    __builtin_prefetch(row + j);
                }
            }
        }

        const Scratch<double>& scratch(size_t k) {
            if (!workspace_ || capacity_ < k) {
                capacity_ = std::min(std::max<size_t>(2 * k, 64), std::max(pass_.model_.k, k));
                // In whole groups of the widest vectors.
                workspace_.emplace(plan_.largest(capacity_), 0, (pass_.blocks_.most + 63) / 64 * 64);
            }
            return workspace_->scratch();
        }

        void add(const Plan<double>& plan, const double* center) {
            const size_t d = plan.d, own = plan.moments.each, columns = pass_.lost_columns();
            const size_t each = pass_.each_ + columns;
            for (size_t a = 0; a < list_.size(); ++a) {
                unsigned& slot = slots_[list_[a]];
                if (slot == NOWHERE) {
                    slot = static_cast<unsigned>(part_->components.size());
                    part_->components.push_back(list_[a]);
                    part_->sums.resize(part_->sums.size() + each, 0.0);
                }
                double* to = part_->sums.data() + slot * each;
                const double mass = moments_[plan.moments.mass + a];
                to[0] += mass;
                const double* first = moments_.data() + plan.moments.first + a * d;
                for (size_t j = 0; j < d; ++j) {
                    to[1 + j] += first[j];
                }
                const double* second = moments_.data() + plan.moments.second + a * own;
                for (size_t j = 0; j < own; ++j) {
                    to[1 + d + j] += second[j];
                }
                for (size_t j = 0; plan.features && columns > 0 && j < d; ++j) {
                    const double shift = plan.about[a * d + j] - center[j];
                    to[pass_.each_ + (columns > 1 ? j : 0)] += mass * shift * shift;
                }
            }
            part_->shared[0] += moments_[0];
            part_->shared[1] += moments_[1];
            for (size_t j = 2; j < part_->shared.size(); ++j) {
                part_->shared[j] += moments_[plan.moments.second + j - 2];
            }
        }

        void note_nearest(size_t b, size_t count, const Scratch<double>& working) {
            best_.assign(count, -1.0);
            component_.assign(count, list_[0]);
            for (size_t a = 0; a < list_.size(); ++a) {
                const double* posterior = working.posterior + a * working.stride;
                for (size_t r = 0; r < count; ++r) {
                    const bool more = posterior[r] > best_[r];
                    best_[r] = more ? posterior[r] : best_[r];
                    component_[r] = more ? list_[a] : component_[r];
                }
            }
            for (size_t r = 0; r < count; ++r) {
                (*pass_.nearest_)[pass_.blocks_.order[pass_.blocks_.starts[b] + r]] = component_[r];
            }
        }

        const TruncatedPass& pass_;
        const Plan<double>& whole_;
        ListedPlan plan_;
        Candidates candidates_;
        std::vector<unsigned> slots_, near_, list_, component_;
        std::vector<std::unique_ptr<std::vector<unsigned>>> lists_;
        std::vector<double> x_, weights_, moments_, best_;
        std::optional<Workspace<double>> workspace_;
        size_t capacity_ = 0;
        ListedSums* part_ = nullptr;
        bool dense_ = true;
    };

    size_t lost_columns() const {
        return scatter_ == Shape::none ? 0 : scatter_ == Shape::spherical ? 1 : model_.d;
    }

    // In the order of the runs: the threads do not matter.
    void add(const std::vector<ListedSums>& parts) {
        const size_t k = model_.k, d = model_.d, columns = lost_columns(), each = each_ + columns;
        sums.assign(moments.size, 0.0);
        lost.assign(k * columns, 0.0);
        densities = work = 0.0;
        for (const ListedSums& part : parts) {
            for (size_t slot = 0; slot < part.components.size(); ++slot) {
                const size_t i = part.components[slot];
                const double* from = part.sums.data() + slot * each;
                sums[moments.mass + i] += from[0];
                for (size_t j = 0; j < d; ++j) {
                    sums[moments.first + i * d + j] += from[1 + j];
                }
                for (size_t j = 0; j < moments.each; ++j) {
                    sums[moments.second + i * moments.each + j] += from[1 + d + j];
                }
                for (size_t j = 0; j < columns; ++j) {
                    lost[i * columns + j] += from[each_ + j];
                }
            }
            sums[0] += part.shared[0];
            sums[1] += part.shared[1];
            for (size_t j = 2; j < part.shared.size(); ++j) {
                sums[moments.second + j - 2] += part.shared[j];
            }
            densities += part.densities;
            work += part.work;
        }
    }

    const Kernels& kernels_;
    const Model& model_;
    const Rows<double>& rows_;
    const Shape scatter_;
    const RowBlocks& blocks_;
    const ComponentBounds& bounds_;
    const LeftOut& left_;
    const size_t threads_;
    std::vector<unsigned>* nearest_ = nullptr;
    size_t each_ = 0;
    std::vector<Run> runs_;
};

}  // namespace gmmscape
