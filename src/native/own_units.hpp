// Coordinates about a fit in which every component has its own units (docs/mathematics.md#own-units), as
// solve.own_units in Python.
#pragma once

#include "information.hpp"

namespace gmmscape {

class OwnUnits {
  public:
    OwnUnits(const Family& family, double prior, const Fit& fit, size_t k, size_t d)
        : family_(family),
          fit_(fit),
          k_(k),
          d_(d),
          shape_(shape_of(family)),
          prior_(family.location || family.prior_root.empty() ? 0.0 : prior),
          seconds_(shape_ == Shape::tied ? triangle(d) : count(squares_of(shape_), d)),
          basis_(1 + d + (shape_ == Shape::tied ? 0 : seconds_)),
          size_(size_of(family, k, d)) {
        fill_scale();
    }

    static Shape shape_of(const Family& family) { return family.location ? Shape::none : family.shape; }
    static size_t size_of(const Family& family, size_t k, size_t d) {
        const Shape shape = shape_of(family);
        return k * (1 + d + count(squares_of(shape), d)) + (shape == Shape::tied ? triangle(d) : 0);
    }

    Shape shape() const { return shape_; }
    size_t size() const { return size_; }
    // Roots of the information of complete data; infinite for weights that are known, which stay.
    const std::vector<double>& scale() const { return scale_; }

    // All weights by one factor: changes nothing. Of length one; zero where the weights are known.
    std::vector<double> gauge() const {
        std::vector<double> direction(size_, 0.0);
        for (size_t i = 0; i < k_ && family_.weighted; ++i) {
            direction[i * basis_] = std::sqrt(fit_.weights[i]);
        }
        return direction;
    }

    // Moments of y from the statistics of a pass.
    Information moments_of(const Statistics& statistics) const {
        Information found;
        found.log_likelihood = statistics.log_likelihood;
        found.weight = statistics.weight;
        found.mass = statistics.mass;
        found.first.assign(k_ * d_, 0.0);
        found.second.assign(shape_ == Shape::tied ? seconds_ : k_ * seconds_, 0.0);
        Moments raw = layout(shape_, k_, d_);
        std::vector<double> sums(raw.size, 0.0);
        std::copy(statistics.scatter.begin(), statistics.scatter.end(),
                  sums.begin() + static_cast<std::ptrdiff_t>(raw.second));
        for (size_t i = 0; i < k_; ++i) {  // about the means of the fit
            const double mass = statistics.mass[i];
            double* own = sums.data() + raw.second + i * raw.each;
            for (size_t j = 0, at = 0; j < d_; ++j) {
                const double gap = mass > 0.0 ? statistics.mean[i * d_ + j] - fit_.means[i * d_ + j] : 0.0;
                sums[raw.first + i * d_ + j] = mass * gap;
                if (shape_ == Shape::spherical) {
                    own[0] += mass * gap * gap;
                } else if (shape_ == Shape::diag) {
                    own[j] += mass * gap * gap;
                } else if (shape_ != Shape::none) {
                    for (size_t l = 0; l <= j; ++l, ++at) {
                        own[at] += gap * sums[raw.first + i * d_ + l];
                    }
                }
            }
        }
        const Model model = model_of_fit();
        detail::add_raw_moments(model, shape_, raw, sums.data(), found);
        return found;
    }

    // Gradient of NLL and penalty in the coordinates, by Fisher's identity.
    std::vector<double> gradient(const Information& moments) const {
        std::vector<double> slope(size_);
        for (size_t i = 0; i < k_; ++i) {
            double* own = slope.data() + i * basis_;
            own[0] = moments.weight * fit_.weights[i] - moments.mass[i];
            for (size_t j = 0; j < d_; ++j) {
                own[1 + j] = -moments.first[i * d_ + j];
            }
            if (shape_ != Shape::tied) {
                covariance_slope(moments.mass[i], moments.second.data() + i * seconds_, i, own + 1 + d_);
            }
        }
        if (shape_ == Shape::tied) {
            double mass = 0.0;
            for (double one : moments.mass) {
                mass += one;
            }
            covariance_slope(mass, moments.second.data(), 0, slope.data() + k_ * basis_);
        }
        for (size_t at = 0; at < size_; ++at) {
            slope[at] /= scale_[at];
        }
        return slope;
    }

    // The Hessian of NLL and penalty from the missing information, in place; plus the square of the gauge.
    void complete(const Information& moments, std::vector<double>& matrix) const {
        for (double& entry : matrix) {
            entry = -entry;
        }
        complete_entries(moments, [&](size_t row, size_t column, double value) {
            matrix[row * size_ + column] += value;
            if (row != column) {
                matrix[column * size_ + row] += value;
            }
        });
        for (size_t i = 0; i < k_; ++i) {
            for (size_t j = 0; j < k_; ++j) {
                const double share = (i == j ? 1.0 : 0.0) - fit_.weights[j];
                matrix[i * basis_ * size_ + j * basis_] += moments.weight * fit_.weights[i] * share;
            }
        }
        const std::vector<double> fixed = gauge();
        for (size_t row = 0; row < size_; ++row) {
            for (size_t column = 0; column < size_; ++column) {
                double& entry = matrix[row * size_ + column];
                entry = entry / scale_[row] / scale_[column] + fixed[row] * fixed[column];
            }
        }
    }

    // A vector as the missing information is multiplied by it.
    std::vector<double> direction(const double* vector) const {
        std::vector<double> plain(size_);
        for (size_t at = 0; at < size_; ++at) {
            plain[at] = vector[at] / scale_[at];
        }
        return plain;
    }

    // The product of that Hessian with a vector, of which the missing information's is given as moments.
    void product(const Information& moments, const double* vector, const Information& missing, double* image) const {
        const std::vector<double> plain = direction(vector), fixed = gauge();
        std::vector<double> sum(size_, 0.0);
        complete_entries(moments, [&](size_t row, size_t column, double value) {
            sum[row] += value * plain[column];
            if (row != column) {
                sum[column] += value * plain[row];
            }
        });
        double average = 0.0, along = 0.0, mass = 0.0;
        for (size_t i = 0; i < k_; ++i) {
            average += fit_.weights[i] * plain[i * basis_];
            mass += missing.mass[i];
        }
        for (size_t at = 0; at < size_; ++at) {
            along += fixed[at] * vector[at];
        }
        for (size_t i = 0; i < k_; ++i) {
            double* own = sum.data() + i * basis_;
            own[0] += moments.weight * fit_.weights[i] * (plain[i * basis_] - average) - missing.mass[i];
            for (size_t j = 0; j < d_; ++j) {
                own[1 + j] -= missing.first[i * d_ + j];
            }
            if (shape_ != Shape::tied) {
                subtract_scores(missing.mass[i], missing.second.data() + i * seconds_, own + 1 + d_);
            }
        }
        if (shape_ == Shape::tied) {
            subtract_scores(mass, missing.second.data(), sum.data() + k_ * basis_);
        }
        for (size_t at = 0; at < size_; ++at) {
            image[at] = sum[at] / scale_[at] + fixed[at] * along;
        }
    }

    // The fit at these coordinates. Returns false where some change by more than `longest`.
    bool moved(const std::vector<double>& step, double longest, Fit& next) const {
        next = fit_;
        double total = 0.0;
        std::vector<double> change(size_);
        for (size_t at = 0; at < size_; ++at) {
            change[at] = step[at] / scale_[at];
            if (!(std::abs(change[at]) <= longest)) {
                return false;
            }
        }
        std::vector<double> root(d_ * d_);
        for (size_t i = 0; i < k_; ++i) {
            const double* own = change.data() + i * basis_;
            next.weights[i] = fit_.weights[i] * std::exp(own[0]);
            total += next.weights[i];
            if (shape_ == Shape::none || shape_ == Shape::spherical || shape_ == Shape::diag) {
                for (size_t j = 0; j < d_; ++j) {
                    const size_t at = family_.shape == Shape::diag ? i * d_ + j : i;
                    next.means[i * d_ + j] += own[1 + j] / fit_.factors[at];
                    if (shape_ == Shape::diag) {
                        next.covariances[at] *= std::exp(-2.0 * own[1 + d_ + j]);
                    } else if (shape_ == Shape::spherical && j == 0) {
                        next.covariances[at] *= std::exp(-2.0 * own[1 + d_]);
                    }
                }
                continue;
            }
            const size_t matrix = shape_ == Shape::tied ? 0 : i * d_ * d_;
            inverse_transposed(fit_.factors.data() + matrix, root.data());
            for (size_t j = 0; j < d_; ++j) {
                for (size_t l = 0; l <= j; ++l) {
                    next.means[i * d_ + j] += root[j * d_ + l] * own[1 + l];
                }
            }
            if (shape_ == Shape::full || i == 0) {
                turn(root.data(), shape_ == Shape::tied ? change.data() + k_ * basis_ : own + 1 + d_,
                     next.covariances.data() + matrix);
            }
        }
        for (double& weight : next.weights) {
            weight = family_.weighted ? weight / total : weight;
        }
        return true;
    }

  private:
    Model model_of_fit() const { return {family_.shape, k_, d_, nullptr, fit_.means.data(), fit_.factors.data()}; }

    void fill_scale() {
        scale_.assign(size_, 0.0);
        double whole = 0.0;
        for (double weight : fit_.weights) {
            whole += weight;
        }
        for (size_t i = 0; i < k_; ++i) {
            double* own = scale_.data() + i * basis_;
            const double weight = std::max(fit_.weights[i], std::numeric_limits<double>::min());
            own[0] = family_.weighted ? std::sqrt(weight) : std::numeric_limits<double>::infinity();
            std::fill(own + 1, own + 1 + d_, std::sqrt(weight));
            if (shape_ != Shape::tied) {
                covariance_scale(weight + prior_, own + 1 + d_);
            }
        }
        if (shape_ == Shape::tied) {
            covariance_scale(whole + prior_, scale_.data() + k_ * basis_);
        }
    }

    void covariance_scale(double mass, double* out) const {
        if (shape_ == Shape::spherical) {
            out[0] = std::sqrt(2.0 * static_cast<double>(d_) * mass);
        } else if (shape_ == Shape::diag) {
            std::fill(out, out + d_, std::sqrt(2.0 * mass));
        } else {
            for (size_t j = 0, at = 0; at < seconds_; ++j) {
                for (size_t l = 0; l <= j; ++l, ++at) {
                    out[at] = std::sqrt((l == j ? 2.0 : 1.0) * mass);
                }
            }
        }
    }

    // Second moments of y of the prior's rows.
    std::vector<double> prior_second(size_t i) const {
        std::vector<double> second(seconds_, 0.0);
        if (!(prior_ > 0.0)) {
            return second;
        }
        const std::vector<double>& scale = family_.prior_scale;
        if (shape_ == Shape::spherical || shape_ == Shape::diag) {
            for (size_t j = 0; j < d_; ++j) {
                const double u = fit_.factors[shape_ == Shape::diag ? i * d_ + j : i];
                second[shape_ == Shape::diag ? j : 0] += prior_ * scale[j * d_ + j] * u * u;
            }
            return second;
        }
        const double* U = fit_.factors.data() + (shape_ == Shape::tied ? 0 : i * d_ * d_);
        // Narrow directions are what large entries leave when they cancel.
        std::vector<long double> half(d_ * d_, 0.0L);  // scale U, of which U is upper triangular
        for (size_t a = 0; a < d_; ++a) {
            for (size_t j = 0; j < d_; ++j) {
                for (size_t l = 0; l <= j; ++l) {
                    half[a * d_ + j] += static_cast<long double>(scale[a * d_ + l]) * U[l * d_ + j];
                }
            }
        }
        for (size_t j = 0, at = 0; j < d_; ++j) {
            for (size_t l = 0; l <= j; ++l, ++at) {
                long double sum = 0.0L;
                for (size_t a = 0; a <= l; ++a) {
                    sum += U[a * d_ + l] * half[a * d_ + j];
                }
                second[at] = prior_ * static_cast<double>(sum);
            }
        }
        return second;
    }

    void covariance_slope(double mass, const double* second, size_t i, double* out) const {
        std::vector<double> whole = prior_second(i);
        for (size_t f = 0; f < seconds_; ++f) {
            whole[f] += second[f];
        }
        std::fill(out, out + seconds_, 0.0);
        subtract_scores(mass + prior_, whole.data(), out);
    }

    // Minus the second derivatives of complete data and penalty in means and covariances, each pair of coordinates once.
    template <class Add>
    void complete_entries(const Information& moments, Add add) const {
        for (size_t i = 0; i < k_; ++i) {
            const size_t start = i * basis_, covariance = shape_ == Shape::tied ? k_ * basis_ : start + 1 + d_;
            for (size_t j = 0; j < d_; ++j) {
                add(start + 1 + j, start + 1 + j, moments.mass[i]);
            }
            across(moments.first.data() + i * d_, [&](size_t j, size_t f, double value) {
                add(start + 1 + j, covariance + f, value);
            });
            if (shape_ != Shape::tied || i == 0) {
                const double* second = moments.second.data() + (shape_ == Shape::tied ? 0 : i * seconds_);
                within(second, i, [&](size_t f, size_t g, double value) { add(covariance + f, covariance + g, value); });
            }
        }
    }

    // Subtracts sums of the covariance's scores.
    void subtract_scores(double mass, const double* second, double* out) const {
        if (shape_ == Shape::spherical) {
            out[0] += second[0] - static_cast<double>(d_) * mass;
        } else if (shape_ == Shape::diag) {
            for (size_t j = 0; j < d_; ++j) {
                out[j] += second[j] - mass;
            }
        } else if (shape_ != Shape::none) {
            for (size_t j = 0, at = 0; j < d_; ++j) {
                for (size_t l = 0; l <= j; ++l, ++at) {
                    out[at] += second[at] - (l == j ? mass : 0.0);
                }
            }
        }
    }

    // Minus the second derivatives of complete data in mean and covariance.
    template <class Add>
    void across(const double* first, Add add) const {
        if (shape_ == Shape::spherical || shape_ == Shape::diag) {
            for (size_t j = 0; j < d_; ++j) {
                add(j, shape_ == Shape::diag ? j : 0, -2.0 * first[j]);
            }
        } else if (shape_ != Shape::none) {
            for (size_t j = 0, at = 0; j < d_; ++j) {
                for (size_t l = 0; l <= j; ++l, ++at) {
                    add(j, at, -first[l]);
                    add(l, at, -first[j]);
                }
            }
        }
    }

    // The same in the covariance, each pair of coordinates once.
    template <class Add>
    void within(const double* second, size_t i, Add add) const {
        const std::vector<double> more = prior_second(i);
        const auto sum = [&](size_t a, size_t b) {
            const size_t at = detail::place2(std::max(a, b), std::min(a, b));
            return second[at] + more[at];
        };
        if (shape_ == Shape::spherical || shape_ == Shape::diag) {
            for (size_t f = 0; f < seconds_; ++f) {
                add(f, f, 2.0 * (second[f] + more[f]));
            }
        } else if (shape_ != Shape::none) {
            for (size_t j = 0; j < d_; ++j) {
                for (size_t l = 0; l <= j; ++l) {
                    for (size_t m = 0; m <= l; ++m) {
                        const double twice = l == j && m == j ? 2.0 : 1.0;
                        add(detail::place2(j, l), detail::place2(j, m), twice * sum(l, m));
                    }
                }
            }
        }
    }

    // The lower triangular root of the covariance: the transposed inverse of its upper triangular factor.
    void inverse_transposed(const double* U, double* root) const {
        std::fill(root, root + d_ * d_, 0.0);
        for (size_t column = 0; column < d_; ++column) {
            root[column * d_ + column] = 1.0 / U[column * d_ + column];
            for (size_t row = column + 1; row < d_; ++row) {
                double sum = 0.0;
                for (size_t l = column; l < row; ++l) {
                    sum += U[l * d_ + row] * root[l * d_ + column];
                }
                root[row * d_ + column] = -sum / U[row * d_ + row];
            }
        }
    }

    // What becomes of the covariance of a root when a triangle multiplies its deviations on: root W^-1 is the new root.
    void turn(const double* root, const double* change, double* covariance) const {
        std::vector<double> W(d_ * d_, 0.0), next(root, root + d_ * d_);
        for (size_t j = 0, at = 0; j < d_; ++j) {
            for (size_t l = 0; l <= j; ++l, ++at) {
                W[j * d_ + l] = l == j ? std::exp(change[at]) : change[at];
            }
        }
        for (size_t row = 0; row < d_; ++row) {
            for (size_t column = row + 1; column-- > 0;) {
                double sum = next[row * d_ + column];
                for (size_t l = column + 1; l <= row; ++l) {
                    sum -= next[row * d_ + l] * W[l * d_ + column];
                }
                next[row * d_ + column] = sum / W[column * d_ + column];
            }
        }
        for (size_t j = 0; j < d_; ++j) {
            for (size_t l = 0; l <= j; ++l) {
                double sum = 0.0;
                for (size_t m = 0; m <= l; ++m) {
                    sum += next[j * d_ + m] * next[l * d_ + m];
                }
                covariance[j * d_ + l] = covariance[l * d_ + j] = sum;
            }
        }
    }

    const Family& family_;
    const Fit& fit_;
    const size_t k_, d_;
    const Shape shape_;
    const double prior_;
    const size_t seconds_, basis_, size_;
    std::vector<double> scale_;
};

}  // namespace gmmscape
