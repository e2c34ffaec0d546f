// The missing information times a direction, in about the time of two passes.
#pragma once

#include "information.hpp"

namespace gmmscape {

namespace detail {

// Parts of a direction, as kernels take them.
class DirectionOf {
  public:
    DirectionOf(const Model& model, const Scores& scores, const Plan<double>& plan, const double* direction)
        : model_(model), scores_(scores) {
        const size_t k = model.k, d = model.d, P = scores.basis;
        for (size_t i = 0; i < k; ++i) {
            const double* own = direction + i * P;
            weights_.push_back(own[0]);
            means_.insert(means_.end(), own + 1, own + 1 + d);
            covariances_.insert(covariances_.end(), own + 1 + d, own + P);
        }
        if (scores.shape == Shape::tied) {
            covariances_.assign(direction + k * P, direction + k * P + scores.seconds);
        }
        direction_ = {weights_.data(), means_.data(), covariances_.data(), nullptr, nullptr, 0};
        if (plan.features) {
            fill_features(plan);
        }
    }

    const Direction& direction() const { return direction_; }

  private:
    // Slopes as linear forms of the features of the plan: coordinates about its center, and squares. Those that all
    // components have in common are left out: they change no responsibility.
    void fill_features(const Plan<double>& plan) {
        const size_t k = model_.k, d = model_.d, F = d + count(scores_.squares, d);
        std::vector<double> theta(k * F, 0.0), m(d);
        constants_.assign(k, 0.0);
        for (size_t i = 0; i < k; ++i) {
            for (size_t j = 0; j < d; ++j) {
                m[j] = model_.means[i * d + j] - plan.center[j];
            }
            if (model_.shape == Shape::spherical || model_.shape == Shape::diag) {
                fill_axes(i, m.data(), theta.data() + i * F);
            } else {
                fill_matrix(i, m.data(), theta.data() + i * F);
            }
        }
        theta_ = tiled<double>(theta, k, F);
        direction_.theta = theta_.data();
        direction_.constants = constants_.data();
        direction_.features = F;
    }

    // y_j = u_j (v_j - m_j); the slope is a + sum_j b_j y_j + c_j (1 - y_j^2).
    void fill_axes(size_t i, const double* m, double* theta) {
        const size_t d = model_.d;
        const double *factor = model_.factor(i), *b = means_.data() + i * d;
        double constant = weights_[i];
        for (size_t j = 0; j < d; ++j) {
            const double u = factor[model_.shape == Shape::diag ? j : 0];
            const double c = scores_.seconds == 0 ? 0.0
                             : scores_.shape == Shape::diag ? covariances_[i * d + j]
                                                            : covariances_[i];
            theta[j] = u * b[j] + 2.0 * c * u * u * m[j];
            constant += c * (1.0 - u * m[j] * (u * m[j])) - u * b[j] * m[j];
            if (scores_.shape == Shape::diag) {
                theta[d + j] = -c * u * u;
            } else if (scores_.shape == Shape::spherical) {
                theta[d] = -c * u * u;
            }
        }
        constants_[i] = constant;
    }

    // y = z - e with z = U' v; the slope is a + tr C + b' y - y' C y. Tied: linear in v.
    void fill_matrix(size_t i, const double* m, double* theta) {
        const size_t d = model_.d;
        const double *factor = model_.factor(i), *b = means_.data() + i * d;
        const double* packed = covariances_.data() + (scores_.shape == Shape::tied ? 0 : i * scores_.seconds);
        const std::vector<double> e = transposed_product(factor, d, m);
        std::vector<double> linear(b, b + d), both(d * d);
        double constant = weights_[i];
        for (size_t j = 0; j < d; ++j) {
            for (size_t l = 0; l <= j; ++l) {
                const double c = packed[place2(j, l)];
                linear[j] += c * e[l];
                linear[l] += c * e[j];
                constant -= c * e[j] * e[l];
                both[j * d + l] += 0.5 * c;
                both[l * d + j] += 0.5 * c;
            }
            constant += packed[place2(j, j)];
        }
        for (size_t j = 0; j < d; ++j) {
            constant -= b[j] * e[j];
        }
        constants_[i] = constant;
        for (size_t j = 0; j < d; ++j) {
            for (size_t l = j; l < d; ++l) {
                theta[j] += factor[j * d + l] * linear[l];
            }
        }
        if (scores_.shape == Shape::tied) {
            return;
        }
        std::vector<double> half(d * d, 0.0);  // U both, both symmetric
        for (size_t j = 0; j < d; ++j) {
            for (size_t l = j; l < d; ++l) {
                for (size_t q = 0; q < d; ++q) {
                    half[j * d + q] += factor[j * d + l] * both[l * d + q];
                }
            }
        }
        for (size_t j = 0, at = d; j < d; ++j) {
            for (size_t l = 0; l <= j; ++l, ++at) {
                double square = 0.0;
                for (size_t q = l; q < d; ++q) {
                    square += half[j * d + q] * factor[l * d + q];
                }
                theta[at] = (j == l ? -1.0 : -2.0) * square;
            }
        }
    }

    const Model& model_;
    const Scores& scores_;
    Direction direction_{};
    std::vector<double> weights_, means_, covariances_, theta_, constants_;
};

}  // namespace detail

// The product as moments of y: of all responsibilities, whatever they are.
inline bool missing_product(const Kernels& kernels, const Model& model, const Rows<double>& rows, Shape shape,
                            const double* direction, size_t threads, Information& result) {
    const PlanOf<double> owner(model, shape, nullptr, true);
    const Plan<double>& plan = owner.plan();
    const ScoresOf layout(model, shape);
    const Scores& scores = layout.scores();
    const detail::DirectionOf along(model, scores, plan, direction);
    std::vector<double> sums;
    const bool dense = summed_by(
        plan, rows.n, layout.moments() + plan.moments.size, 0, Workspace<double>::rows_per_block(plan), threads, sums,
        [&](const Scratch<double>& scratch) { return ScoreWorkspace(scores, plan.k, plan.d, scratch, false); },
        [&](const Scratch<double>& scratch, const ScoreWorkspace& own, size_t first, size_t last, double* part) {
            return kernels.product(plan, rows, scratch, own.scratch(), scores, along.direction(), first, last, part);
        });
    detail::split_sums(scores, model.k, layout.moments(), sums, result);
    detail::add_raw_moments(model, shape, plan.moments, sums.data() + layout.moments(), result);
    return dense;
}

}  // namespace gmmscape
