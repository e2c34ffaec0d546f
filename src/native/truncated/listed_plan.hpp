// A model of some components alone, laid out for the kernels about the center of a box; made anew for each block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "component_bounds.hpp"

namespace gmmscape {

// As PlanOf, which lays out all components for many blocks. The feature form counts from the block's own center: its
// limit is one of the block and its list.
class ListedPlan {
  public:
    // Moments are taken about `whole`'s places; `features` false forbids the feature form.
    ListedPlan(const ComponentBounds& bounds, const Plan<double>& whole, bool features)
        : bounds_(bounds), whole_(whole), gate_(bounds.d), shift_(bounds.d), image_(bounds.d), zeros_(bounds.d, 0.0) {
        const Model& model = bounds.model;
        const size_t d = bounds.d;
        one_width_ = model.shape == Shape::spherical &&
                     std::all_of(model.factors, model.factors + model.k,
                                 [&](double u) { return u == model.factors[0]; });
        in_density_ = one_width_ ? Squares::none : squares_of(model.shape);
        const Squares in_moments = squares_of(whole.scatter);
        features_ = features && (model.shape != Shape::full || d <= MOST_PRODUCT_COLUMNS) &&
                    (in_density_ == Squares::none || in_moments == Squares::none || in_density_ == in_moments);
        plan_ = whole;
        plan_.squares = features_ ? std::max(in_density_, in_moments) : Squares::none;
        plan_.density_features = features_ ? d + count(in_density_, d) : 0;
        plan_.moment_features = features_ ? 1 + d + count(in_moments, d) : 0;
        plan_.pooled = whole.scatter == Shape::tied || model.shape == Shape::tied;
        if (model.shape == Shape::tied) {
            for (size_t j = 0, at = 0; j < d; ++j) {
                for (size_t l = 0; l <= j; ++l, ++at) {
                    common_.push_back((l == j ? 0.5 : 1.0) * bounds.precision[at]);
                }
            }
        }
    }
    ListedPlan(const ListedPlan&) = delete;
    ListedPlan& operator=(const ListedPlan&) = delete;

    // The plan of a list for rows in a box; until the next call.
    const Plan<double>& of(const std::vector<unsigned>& list, const double* center, const double* half) {
        const size_t d = bounds_.d;
        plan_.k = list.size();
        plan_.moments = layout(plan_.scatter, plan_.k, d);
        plan_.offset = bounds_.model.log_constants[list[0]];
        for (unsigned i : list) {
            plan_.offset = std::max(plan_.offset, bounds_.model.log_constants[i]);
        }
        if (!std::isfinite(plan_.offset)) {
            plan_.offset = 0.0;
        }
        gather(whole_.about, list, about_, d);
        plan_.about = about_.data();
        plan_.features = features_ && fill_features(list, center, half);
        if (!plan_.features) {
            fill_centred(list);
        }
        return plan_;
    }

    // A plan of so many components that `of` may return, for working memory.
    Plan<double> largest(size_t k) const {
        Plan<double> plan = plan_;
        plan.k = k;
        return plan;
    }

  private:
    // The feature form, if rows and means are within its limit.
    bool fill_features(const std::vector<unsigned>& list, const double* center, const double* half) {
        const size_t d = bounds_.d, P = plan_.density_features, k = list.size();
        std::fill(gate_.begin(), gate_.end(), 0.0);
        for (unsigned i : list) {
            for (size_t j = 0; j < d; ++j) {
                gate_[j] = std::max(gate_[j], bounds_.high[i * d + j]);
            }
        }
        double gated = 0.0;
        for (size_t j = 0; j < d; ++j) {
            gated += gate_[j] * half[j] * half[j];
        }
        // The kernel looks again, row by row: less than its limit, so that rounding cannot make it decide otherwise.
        if (!(gated <= 0.99 * feature_limit<double>)) {
            return false;
        }
        theta_.resize(k * P);
        constants_.resize(k);
        for (size_t a = 0; a < k; ++a) {
            const size_t i = list[a], first = a / TILE * TILE, tile = std::min(k - first, TILE);
            double* theta = theta_.data() + first * P + (a - first);
            gated = 0.0;
            for (size_t j = 0; j < d; ++j) {
                shift_[j] = bounds_.model.means[i * d + j] - center[j];
                gated += gate_[j] * shift_[j] * shift_[j];
            }
            if (!(gated <= feature_limit<double>)) {
                return false;
            }
            const double form = bounds_.times(i, shift_.data(), image_.data());
            constants_[a] = (bounds_.model.log_constants[i] - plan_.offset) - 0.5 * form;
            for (size_t j = 0; j < d; ++j) {
                theta[j * tile] = image_[j];
            }
            fill_squares(i, theta + d * tile, tile);
        }
        plan_.half_precision = one_width_ ? 0.5 * bounds_.low[0] : 0.0;
        plan_.common = common_.empty() ? nullptr : common_.data();
        plan_.center = center;
        plan_.theta = theta_.data();
        plan_.constants = constants_.data();
        plan_.gate = gate_.data();
        return true;
    }

    void fill_squares(size_t i, double* theta, size_t tile) const {
        const size_t d = bounds_.d;
        if (in_density_ == Squares::sum) {
            theta[0] = -0.5 * bounds_.low[i * d];
        } else if (in_density_ == Squares::each) {
            for (size_t j = 0; j < d; ++j) {
                theta[j * tile] = -0.5 * bounds_.low[i * d + j];
            }
        } else if (in_density_ == Squares::products) {
            const double* A = bounds_.precision.data() + i * triangle(d);
            for (size_t j = 0, at = 0; j < d; ++j) {
                for (size_t l = 0; l <= j; ++l, ++at) {
                    theta[at * tile] = (l == j ? -0.5 : -1.0) * A[at];
                }
            }
        }
    }

    void fill_centred(const std::vector<unsigned>& list) {
        const size_t d = bounds_.d;
        gather(whole_.high, list, high_, d);
        gather(whole_.about_high, list, about_high_, d);
        gather(whole_.centred_constants, list, constants_, 1);
        for (size_t a = 0; a < list.size(); ++a) {
            constants_[a] = bounds_.model.log_constants[list[a]] - plan_.offset;
        }
        zeros_.resize(std::max(zeros_.size(), list.size() * d), 0.0);
        plan_.high = high_.data();
        plan_.about_high = about_high_.data();
        plan_.low = plan_.about_low = zeros_.data();  // doubles are whole in one part
        plan_.centred_constants = constants_.data();
        switch (plan_.shape) {
            case Shape::spherical: gather(whole_.precision, list, factors_, 1); break;
            case Shape::diag: gather(whole_.precision, list, factors_, d); break;
            case Shape::full: gather(whole_.columns, list, factors_, whole_.factor_size); break;
            default: return;
        }
        (plan_.shape == Shape::full ? plan_.columns : plan_.precision) = factors_.data();
    }

    static void gather(const double* from, const std::vector<unsigned>& list, std::vector<double>& to, size_t each) {
        to.resize(list.size() * each);
        for (size_t a = 0; a < list.size(); ++a) {
            for (size_t j = 0; j < each; ++j) {
                to[a * each + j] = from[list[a] * each + j];
            }
        }
    }

    const ComponentBounds& bounds_;
    const Plan<double>& whole_;
    bool one_width_, features_;
    Squares in_density_;
    Plan<double> plan_;
    std::vector<double> gate_, shift_, image_, zeros_, theta_, constants_, about_, high_, about_high_;
    std::vector<double> factors_, common_;
};

}  // namespace gmmscape
