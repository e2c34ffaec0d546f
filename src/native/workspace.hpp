// Working memory of one thread, owned.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "planner.hpp"

namespace gmmscape {

struct Free {
    void operator()(void* p) const noexcept { std::free(p); }
};

template <class T>
class Workspace {
  public:
    // `scores` rows are for derivatives, of which only some need them.
    explicit Workspace(const Plan<T>& plan, size_t scores = 0) : Workspace(plan, scores, rows_per_block(plan)) {}

    Workspace(const Plan<T>& plan, size_t scores, size_t rows) {
        const size_t wide = plan.d + TILE;
        const size_t scored = scores > 0 ? scores + TILE : 0;
        scratch_.rows = rows;
        scratch_.stride = scratch_.rows + 64 / sizeof(T);  // no power of two: columns would share cache sets
        const size_t columns = feature_rows(plan) + 2 * wide + plan.k + 4 + 2 * scored;
        const size_t bytes = (columns * scratch_.stride * sizeof(T) + 63) / 64 * 64;
        memory_.reset(std::aligned_alloc(64, bytes));
        if (!memory_) {
            throw std::bad_alloc();
        }
        // Zeros: tiles read past the last column, of any content but not of slow numbers.
        std::memset(memory_.get(), 0, bytes);
        T* free = static_cast<T*>(memory_.get());
        const auto take = [&](size_t count) {
            T* taken = free;
            free += count * scratch_.stride;
            return taken;
        };
        scratch_.features = take(feature_rows(plan));
        scratch_.deviations = take(wide);
        scratch_.weighted = take(wide);
        scratch_.posterior = take(plan.k);
        scratch_.weights = take(1);
        scratch_.roots = take(1);
        scratch_.scale = take(1);
        scratch_.density = take(1);
        scratch_.scores = take(scored);
        scratch_.weighted_scores = take(scored);
        sums_.resize(plan.k * plan.moment_features + triangle(plan.d) + plan.d + plan.moment_features);
        scratch_.feature_sums = sums_.data();
        scratch_.pooled = sums_.data() + plan.k * plan.moment_features;
        scratch_.moved = scratch_.pooled + triangle(plan.d);
    }

    const Scratch<T>& scratch() const { return scratch_; }

    // Few enough rows for the second-level cache, many enough that sums over the lanes of a vector, taken once
    // a block, do not count.
    static size_t rows_per_block(const Plan<T>& plan) {
        constexpr size_t cache = 384 * 1024;
        const size_t each = (plan.k + feature_rows(plan) + 2 * plan.d) * sizeof(T);
        size_t rows = sizeof(T) == 8 ? 256 : 512;
        while (rows > 64 && rows * each > cache) {
            rows /= 2;
        }
        return rows;
    }

  private:
    Scratch<T> scratch_{};
    std::unique_ptr<void, Free> memory_;
    std::vector<double> sums_;
};

}  // namespace gmmscape
