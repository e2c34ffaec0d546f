// Sums over all rows that make gradient, Hessian, and Hessian-vector products of the likelihood of any family, in each
// component's own units (docs/mathematics.md#own-units).
#pragma once

#include "engine.hpp"

namespace gmmscape {

// Responsibilities below this add nothing to the missing information: with scores of some tens, less than 1e-12 of it.
constexpr double COUNTS = 1e-15;

// Scores of components of a shape; `location` ones have no covariance.
inline Scores scores_of(const Kernels& kernels, Shape shape, size_t k, size_t d) {
    const size_t wide = kernels.vector_bytes / sizeof(double);
    const auto padded = [&](size_t count) { return (count + wide - 1) / wide * wide; };
    Scores scores{};
    scores.shape = shape;
    scores.covariance = shape == Shape::tied ? triangle(d) : count(squares_of(shape), d);
    scores.shared = shape == Shape::tied ? scores.covariance : 0;
    scores.own = 1 + d + scores.covariance - scores.shared;
    scores.own_width = padded(scores.own);
    scores.shared_width = padded(scores.shared);
    scores.stride = scores.own_width + scores.shared_width;
    scores.second = 2 + k + k * d;
    scores.pairs = scores.second + (scores.shared > 0 ? scores.shared : k * scores.covariance);
    scores.across = scores.pairs + k * (k + 1) / 2 * scores.own * scores.own_width;
    scores.common = scores.across + (scores.shared > 0 ? k * scores.own * scores.shared_width : 0);
    scores.size = scores.common + scores.shared * scores.shared_width;
    return scores;
}

class ScoreWorkspace {
  public:
    ScoreWorkspace(const Scores& scores, size_t k, size_t d, const Scratch<double>& scratch, bool missing) {
        const size_t rows = scratch.rows, words = (rows + 63) / 64;
        const size_t y = (k * d + TILE) * scratch.stride, slopes = k * scratch.stride;
        const size_t entries = missing ? k * rows * scores.stride : 0;
        const size_t size = y + slopes + entries + 4 * scratch.stride + scores.shared;
        const size_t bytes = (size * sizeof(double) + 63) / 64 * 64;
        memory_.reset(std::aligned_alloc(64, bytes));
        if (!memory_) {
            throw std::bad_alloc();
        }
        // Zeros, up to the entries: tiles read past the last column, and padding is never written.
        std::memset(memory_.get(), 0, bytes);
        double* free = static_cast<double*>(memory_.get());
        const auto take = [&](size_t count) {
            double* taken = free;
            free += count;
            return taken;
        };
        scratch_.y = take(y);
        scratch_.slopes = take(slopes);
        scratch_.top = take(scratch.stride);
        scratch_.rest = take(scratch.stride);
        scratch_.root = take(scratch.stride);
        scratch_.factors = take(scratch.stride);
        scratch_.entries = take(entries);
        scratch_.mean = take(scores.shared);
        masks_.resize(k * words);
        list_.resize(words * 64);
        scratch_.masks = masks_.data();
        scratch_.list = list_.data();
    }

    const ScoreScratch& scratch() const { return scratch_; }

  private:
    ScoreScratch scratch_{};
    std::unique_ptr<void, Free> memory_;
    std::vector<unsigned long long> masks_;
    std::vector<unsigned> list_;
};

// What a pass with derivatives leaves: moments of y = U'(x - mean) under each component, their second ones as packed
// lower triangles (one, or k), and the missing information in the order of the coordinates: own scores of component
// after component, then shared ones.
struct Information {
    double log_likelihood = 0.0, weight = 0.0;
    std::vector<double> mass, first, second, missing;
};

namespace detail {

inline void split_sums(const Scores& scores, size_t k, const std::vector<double>& sums, Information& result) {
    const auto at = [&](size_t i) { return sums.begin() + static_cast<std::ptrdiff_t>(i); };
    result.log_likelihood = sums[0];
    result.weight = sums[1];
    result.mass.assign(at(2), at(2 + k));
    result.first.assign(at(2 + k), at(scores.second));
    result.second.assign(at(scores.second), at(scores.pairs));
}

// The symmetric matrix that padded blocks are parts of.
inline std::vector<double> missing_matrix(const Scores& scores, size_t k, const double* sums) {
    const size_t own = scores.own, size = k * own + scores.shared;
    std::vector<double> matrix(size * size);
    const double* block = sums + scores.pairs;
    const auto set = [&](size_t row, size_t column, double value) {
        matrix[row * size + column] = matrix[column * size + row] = value;
    };
    for (size_t i = 0; i < k; ++i) {
        for (size_t j = i; j < k; ++j, block += own * scores.own_width) {
            for (size_t a = 0; a < own; ++a) {
                for (size_t b = i == j ? a : 0; b < own; ++b) {
                    set(i * own + a, j * own + b, (i == j ? 1.0 : -1.0) * block[a * scores.own_width + b]);
                }
            }
        }
    }
    for (size_t a = 0; scores.shared > 0 && a < k * own; ++a) {
        for (size_t b = 0; b < scores.shared; ++b) {
            set(a, k * own + b, sums[scores.across + a * scores.shared_width + b]);
        }
    }
    for (size_t a = 0; a < scores.shared; ++a) {
        for (size_t b = a; b < scores.shared; ++b) {
            set(k * own + a, k * own + b, sums[scores.common + a * scores.shared_width + b]);
        }
    }
    return matrix;
}

}  // namespace detail

// One pass. `missing` also gives the missing information, O(rows (shared components)^2 own^2) more. Returns whether
// every row had a density.
inline bool information(const Kernels& kernels, const Model& model, const Rows<double>& rows, Shape shape,
                        bool missing, size_t threads, Information& result) {
    const PlanOf<double> owner(model, Shape::none, nullptr, false);
    const Plan<double>& plan = owner.plan();
    const Scores scores = scores_of(kernels, shape, model.k, model.d);
    std::vector<double> sums;
    const bool dense = summed_by(
        plan, rows.n, missing ? scores.size : scores.pairs, 0, threads, sums,
        [&](const Scratch<double>& scratch) { return ScoreWorkspace(scores, plan.k, plan.d, scratch, missing); },
        [&](const Scratch<double>& scratch, const ScoreWorkspace& own, size_t first, size_t last, double* part) {
            return kernels.information(plan, rows, scratch, own.scratch(), scores, first, last, COUNTS, missing, part);
        });
    detail::split_sums(scores, model.k, sums, result);
    if (missing) {
        result.missing = detail::missing_matrix(scores, model.k, sums.data());
    }
    return dense;
}

// The missing information times a direction, as moments of y: of all responsibilities, whatever they are.
inline bool missing_product(const Kernels& kernels, const Model& model, const Rows<double>& rows, Shape shape,
                            const double* direction, size_t threads, Information& result) {
    const PlanOf<double> owner(model, Shape::none, nullptr, false);
    const Plan<double>& plan = owner.plan();
    const Scores scores = scores_of(kernels, shape, model.k, model.d);
    std::vector<double> sums;
    const bool dense = summed_by(
        plan, rows.n, scores.pairs, 0, threads, sums,
        [&](const Scratch<double>& scratch) { return ScoreWorkspace(scores, plan.k, plan.d, scratch, false); },
        [&](const Scratch<double>& scratch, const ScoreWorkspace& own, size_t first, size_t last, double* part) {
            return kernels.product(plan, rows, scratch, own.scratch(), scores, first, last, direction, part);
        });
    detail::split_sums(scores, model.k, sums, result);
    return dense;
}

}  // namespace gmmscape
