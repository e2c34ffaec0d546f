// Scores of a mixture laid out for the kernels: bases, monomials, and which component of a pair gives the basis.
#pragma once

#include <numeric>

#include "engine.hpp"

namespace gmmscape {

// Deviations from component j from those of component i, both in own standard deviations: y_j = turn y_i + shift.
struct Between {
    std::vector<double> turn, shift;  // (d, d), (d)
};

// U_j' (U_i')^-1 and U_j' (mean_i - mean_j).
inline Between between(const Model& model, size_t i, size_t j) {
    const size_t d = model.d;
    Between result{std::vector<double>(d * d, 0.0), std::vector<double>(d)};
    std::vector<double> gap(d);
    for (size_t l = 0; l < d; ++l) {
        gap[l] = model.means[i * d + l] - model.means[j * d + l];
    }
    const double *from = model.factor(i), *to = model.factor(j);
    if (model.shape == Shape::spherical || model.shape == Shape::diag) {
        for (size_t l = 0; l < d; ++l) {
            const size_t at = model.shape == Shape::diag ? l : 0;
            result.turn[l * d + l] = to[at] / from[at];
            result.shift[l] = to[at] * gap[l];
        }
        return result;
    }
    result.shift = detail::transposed_product(to, d, gap.data());
    if (from == to) {
        for (size_t l = 0; l < d; ++l) {
            result.turn[l * d + l] = 1.0;
        }
        return result;
    }
    for (size_t row = 0; row < d; ++row) {  // turn U_i' = U_j', from the last column on: both are lower triangular
        for (size_t column = row + 1; column-- > 0;) {
            double sum = to[column * d + row];
            for (size_t l = column + 1; l <= row; ++l) {
                sum -= result.turn[row * d + l] * from[column * d + l];
            }
            result.turn[row * d + column] = sum / from[column * d + column];
        }
    }
    return result;
}

// A mixture with its components from narrow to wide, by the volumes of their factors: of a pair the first gives the
// basis.
class Ordered {
  public:
    explicit Ordered(const Model& model) : order_(model.k) {
        const size_t k = model.k, d = model.d;
        std::vector<double> narrow(k, 0.0);
        for (size_t i = 0; i < k; ++i) {
            const double* factor = model.factor(i);
            for (size_t j = 0; j < d; ++j) {
                const bool matrix = model.shape == Shape::full || model.shape == Shape::tied;
                narrow[i] += std::log(factor[matrix ? j * d + j : model.shape == Shape::diag ? j : 0]);
            }
        }
        std::iota(order_.begin(), order_.end(), size_t{0});
        std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return narrow[a] > narrow[b]; });
        const size_t each = model.shape == Shape::spherical ? 1 : model.shape == Shape::diag ? d : d * d;
        for (size_t i : order_) {
            constants_.push_back(model.log_constants[i]);
            means_.insert(means_.end(), model.means + i * d, model.means + (i + 1) * d);
            if (model.shape != Shape::tied) {
                factors_.insert(factors_.end(), model.factor(i), model.factor(i) + each);
            }
        }
        model_ = {model.shape, k, d, constants_.data(), means_.data(),
                  model.shape == Shape::tied ? model.factors : factors_.data()};
    }
    Ordered(const Ordered&) = delete;
    Ordered& operator=(const Ordered&) = delete;

    const Model& model() const { return model_; }
    const std::vector<size_t>& order() const { return order_; }

    // Numbers of the components, `each` of them, as they were before.
    std::vector<double> restored(const std::vector<double>& ordered, size_t each) const {
        std::vector<double> result(ordered.size());
        for (size_t at = 0; at < order_.size(); ++at) {
            std::copy_n(ordered.begin() + static_cast<std::ptrdiff_t>(at * each), each,
                        result.begin() + static_cast<std::ptrdiff_t>(order_[at] * each));
        }
        return result;
    }

  private:
    std::vector<size_t> order_;
    std::vector<double> constants_, means_, factors_;
    Model model_{};
};

// A layout that owns what it points to.
class ScoresOf {
  public:
    ScoresOf(const Model& model, Shape shape) {
        const size_t k = model.k, d = model.d;
        // Products of four out of d: d (d+1) (d+2) (d+3) / 24; of three likewise.
        const size_t third = triangle(d) * (d + 2) / 3, fourth = third * (d + 3) / 4;
        scores_.shape = shape;
        scores_.squares = squares_of(shape);
        scores_.basis = 1 + d + count(scores_.squares, d);
        scores_.products = 1 + d + triangle(d);
        switch (scores_.squares) {
            case Squares::sum: scores_.products += d + 1; break;
            case Squares::each: scores_.products += d * d + triangle(d); break;
            case Squares::products: scores_.products += third + fourth; break;
            default: break;
        }
        scores_.second = 2 + k + k * d;
        scores_.seconds = shape == Shape::tied ? triangle(d) : count(scores_.squares, d);
        moments_ = scores_.second + (shape == Shape::tied ? 1 : k) * scores_.seconds;
        scores_.size = moments_;
    }
    ScoresOf(const ScoresOf&) = delete;
    ScoresOf& operator=(const ScoresOf&) = delete;

    const Scores& scores() const { return scores_; }

    // Sums without those of pairs.
    size_t moments() const { return moments_; }

    // Rows of a block: sums over lanes are taken once a block and component, so that more pay while they fit the cache.
    size_t rows_per_block(const Plan<double>& plan) const {
        constexpr size_t cache = 768 * 1024;
        const size_t each = (plan.k * (2 + plan.d) + scores_.products + 3 * plan.d) * sizeof(double);
        size_t rows = 512;
        while (rows > 64 && rows * each > cache) {
            rows /= 2;
        }
        return rows;
    }

    // Gives the sums of pairs their places.
    void lay_out_pairs(const Model& model) {
        const size_t k = model.k;
        place_.assign(k * k, 0);
        direct_.reset(new bool[k * k]());
        for (size_t a = 0; a < k; ++a) {
            for (size_t b = a; b < k; ++b) {
                place_[a * k + b] = scores_.size;
                direct_[a * k + b] = b > a && !stands_for(model, a, b);
                scores_.size += direct_[a * k + b] ? scores_.basis * scores_.basis : scores_.products;
            }
        }
        scores_.place = place_.data();
        scores_.direct = direct_.get();
    }

  private:
    // Whether squares of y_j lose no more than a few digits where they are computed from those of y_i.
    bool stands_for(const Model& model, size_t i, size_t j) const {
        constexpr double most = 30.0;
        if (scores_.squares == Squares::none) {
            return true;
        }
        const Between pair = between(model, i, j);
        return std::all_of(pair.turn.begin(), pair.turn.end(), [](double entry) { return std::abs(entry) <= most; });
    }

    Scores scores_{};
    size_t moments_ = 0;
    std::vector<size_t> place_;
    std::unique_ptr<bool[]> direct_;
};

// Working memory of one thread, owned.
class ScoreWorkspace {
  public:
    ScoreWorkspace(const Scores& scores, size_t k, size_t d, const Scratch<double>& scratch, bool missing) {
        const size_t stride = scratch.stride, words = (scratch.rows + 63) / 64;
        const size_t own = std::max(scores.products, scores.basis);
        const size_t columns = k * d + TILE + std::max<size_t>(k, 2) + 2 +
                               (missing ? d + 1 + own + std::max(k, scores.basis) : 0);
        const size_t totals = missing ? std::max(k * scores.products, scores.basis * scores.basis) : 0;
        const size_t bytes = ((columns * stride + totals) * sizeof(double) + 63) / 64 * 64;
        memory_.reset(std::aligned_alloc(64, bytes));
        if (!memory_) {
            throw std::bad_alloc();
        }
        // Zeros: tiles read past the last column, of any content but not of slow numbers.
        std::memset(memory_.get(), 0, bytes);
        double* free = static_cast<double*>(memory_.get());
        const auto take = [&](size_t count) {
            double* taken = free;
            free += count * stride;
            return taken;
        };
        scratch_.y = take(k * d + TILE);
        scratch_.slopes = take(std::max<size_t>(k, 2));
        scratch_.top = take(1);
        scratch_.rest = take(1);
        if (missing) {
            scratch_.gathered = take(d + 1);
            scratch_.features = take(own);
            scratch_.others = take(std::max(k, scores.basis));
            scratch_.totals = take(0);
        }
        masks_.resize(2 * k * words);
        list_.resize(words * 64);
        partners_.resize(k);
        scratch_.masks = masks_.data();
        scratch_.list = list_.data();
        scratch_.partners = partners_.data();
    }

    const ScoreScratch& scratch() const { return scratch_; }

  private:
    ScoreScratch scratch_{};
    std::unique_ptr<void, Free> memory_;
    std::vector<unsigned long long> masks_;
    std::vector<unsigned> list_, partners_;
};

}  // namespace gmmscape
