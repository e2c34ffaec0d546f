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
    explicit Workspace(const Plan<T>& plan, size_t scores = 0) {
        scratch_.rows = rows_per_block(plan);
        scratch_.stride = scratch_.rows + 64 / sizeof(T);  // no power of two: columns would share cache sets
        const size_t wide = plan.d + TILE;
        scratch_.features = array(feature_rows(plan) * scratch_.stride);
        scratch_.whitened = array((plan.whitened ? wide : 0) * scratch_.stride);
        scratch_.deviations = array(wide * scratch_.stride);
        scratch_.weighted = array(wide * scratch_.stride);
        scratch_.posterior = array(plan.k * scratch_.stride);
        scratch_.weights = array(scratch_.stride);
        scratch_.scale = array(scratch_.stride);
        scratch_.density = array(scratch_.stride);
        if (scores > 0) {
            scratch_.scores = array((scores + TILE) * scratch_.stride);
            scratch_.weighted_scores = array((scores + TILE) * scratch_.stride);
        }
        sums_.resize(plan.k * plan.moment_features + triangle(plan.d));
        scratch_.feature_sums = sums_.data();
        scratch_.pooled = sums_.data() + plan.k * plan.moment_features;
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
    // Zeros: tiles read past the last column, of any content but not of slow numbers.
    T* array(size_t count) {
        const size_t bytes = (count * sizeof(T) + 127) / 64 * 64;
        void* p = std::aligned_alloc(64, bytes);
        if (p == nullptr) {
            throw std::bad_alloc();
        }
        owned_.emplace_back(p);
        std::memset(p, 0, bytes);
        return static_cast<T*>(p);
    }

    Scratch<T> scratch_{};
    std::vector<std::unique_ptr<void, Free>> owned_;
    std::vector<double> sums_;
};

}  // namespace gmmscape
