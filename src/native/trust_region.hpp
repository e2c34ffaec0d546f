// Trust-region steps in the space that Lanczos' method spans from the gradient (Gould, Lucidi, Roma and Toint, SIAM J.
// Optim. 9, 1999): they need products with the Hessian only, and leave along negative curvature.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "contract.hpp"

namespace gmmscape {

struct TrustStep {
    std::vector<double> step;
    double predicted = 0.0;  // fall of the model
    double length = 0.0;
};

namespace detail {

// A symmetric tridiagonal matrix, and what a trust region needs of it.
struct Tridiagonal {
    std::vector<double> diagonal, off;

    size_t size() const { return diagonal.size(); }

    // Solves (T + lambda) x = b by factors; false where a pivot is not positive.
    bool solve(double lambda, std::vector<double> b, std::vector<double>& x) const {
        const size_t n = size();
        std::vector<double> pivot(n);
        for (size_t i = 0; i < n; ++i) {
            pivot[i] = diagonal[i] + lambda;
            if (i > 0) {
                const double ratio = off[i - 1] / pivot[i - 1];
                pivot[i] -= ratio * off[i - 1];
                b[i] -= ratio * b[i - 1];
            }
            if (!(pivot[i] > 0.0)) {
                return false;
            }
        }
        x = std::move(b);
        for (size_t i = n; i-- > 0;) {
            x[i] = (x[i] - (i + 1 < n ? off[i] * x[i + 1] : 0.0)) / pivot[i];
        }
        return true;
    }

    bool positive(double lambda) const {
        double pivot = 1.0;
        for (size_t i = 0; i < size(); ++i) {
            pivot = diagonal[i] + lambda - (i > 0 ? off[i - 1] / pivot * off[i - 1] : 0.0);
            if (!(pivot > 0.0)) {
                return false;
            }
        }
        return true;
    }

    // The smallest shift, to a relative accuracy, that makes the matrix positive.
    double least_shift(double accuracy) const {
        double high = 0.0, largest = 0.0;
        for (size_t i = 0; i < size(); ++i) {
            const double beside = (i > 0 ? std::abs(off[i - 1]) : 0.0) + (i + 1 < size() ? std::abs(off[i]) : 0.0);
            high = std::max(high, beside - diagonal[i]);
            largest = std::max(largest, beside + std::abs(diagonal[i]));
        }
        accuracy *= 1.0 + largest;
        high += accuracy;
        double low = -high;
        for (int i = 0; i < 100 && high - low > accuracy; ++i) {
            const double middle = 0.5 * (low + high);
            (positive(middle) ? high : low) = middle;
        }
        return high;
    }

    bool finite() const {
        const auto is_finite = [](double entry) { return std::isfinite(entry); };
        return std::all_of(diagonal.begin(), diagonal.end(), is_finite) && std::all_of(off.begin(), off.end(), is_finite);
    }
};

inline double norm(const std::vector<double>& x) {
    double sum = 0.0;
    for (double entry : x) {
        sum += entry * entry;
    }
    return std::sqrt(sum);
}

// The minimiser of size e_1' h + h' T h / 2 over |h| <= radius; zero where rounding leaves none.
inline std::vector<double> in_ball(const Tridiagonal& T, double size, double radius) {
    constexpr double accuracy = 1e-12;
    std::vector<double> slope(T.size(), 0.0), h, more;
    slope[0] = -size;
    if (!T.finite()) {
        return std::vector<double>(T.size(), 0.0);
    }
    if (T.solve(0.0, slope, h) && norm(h) <= radius) {
        return h;
    }
    const double least = T.least_shift(accuracy);
    double lambda = std::max(0.0, least) + accuracy;
    double more_shift = accuracy * (1.0 + lambda);
    for (int i = 0; !T.solve(lambda, slope, h); ++i) {
        if (i == 60) {
            return std::vector<double>(T.size(), 0.0);
        }
        lambda += more_shift;
        more_shift *= 2.0;
    }
    // Newton's method on 1/|h| - 1/radius, which is nearly linear: from the left it does not overshoot.
    for (int i = 0; i < 60 && norm(h) > radius * (1.0 + 1e-6); ++i) {
        T.solve(lambda, h, more);
        double bend = 0.0;
        for (size_t at = 0; at < h.size(); ++at) {
            bend += h[at] * more[at];
        }
        const double length = norm(h);
        lambda += (length / radius - 1.0) * length * length / bend;
        T.solve(lambda, slope, h);
    }
    const double length = norm(h);
    if (least > 0.0 && length < 0.999 * radius) {
        // The hard case: the rest of the way goes along the most negative direction, found by inverse iteration.
        std::vector<double> along(T.size(), 1.0 / std::sqrt(static_cast<double>(T.size())));
        for (int i = 0; i < 4; ++i) {
            T.solve(lambda, along, more);
            const double size_of = norm(more);
            for (size_t at = 0; at < along.size(); ++at) {
                along[at] = more[at] / size_of;
            }
        }
        double both = 0.0;
        for (size_t at = 0; at < along.size(); ++at) {
            both += along[at] * h[at];
        }
        const double sign = along[0] > 0.0 ? -1.0 : 1.0;
        const double far = -sign * both + std::sqrt(both * both + radius * radius - length * length);
        for (size_t at = 0; at < along.size(); ++at) {
            h[at] += sign * far * along[at];
        }
    }
    return h;
}

}  // namespace detail

// The space, in which the minimiser is found for any radius without another product.
class KrylovSpace {
  public:
    // product(v, image) multiplies by the Hessian and returns whether it did: where it does not, the space is of no use.
    // `tolerance` is of the residual, as a share of the gradient; at most `most` products are made, and after each `every`
    // it is seen whether they are enough.
    template <class Product>
    KrylovSpace(const Kernels& kernels, Product product, const std::vector<double>& gradient, double radius,
                double tolerance, size_t most, size_t every)
        : m_(gradient.size()), size_(detail::norm(gradient)) {
        if (!(size_ > 0.0) || !std::isfinite(size_)) {
            return;
        }
        basis_ = gradient;
        for (double& entry : basis_) {
            entry /= size_;
        }
        std::vector<double> image(m_), inner;
        most = std::min(most, m_);
        for (size_t n = 1;; ++n) {
            if (!product(basis_.data() + (n - 1) * m_, image.data())) {
                return;
            }
            inner.resize(n);
            kernels.lines_times(basis_.data(), n, m_, image.data(), inner.data());
            T_.diagonal.push_back(inner[n - 1]);
            for (int twice = 0; twice < 2; ++twice) {
                kernels.subtract_lines(basis_.data(), n, m_, inner.data(), image.data());
                kernels.lines_times(basis_.data(), n, m_, image.data(), inner.data());
            }
            const double beta = detail::norm(image);
            const bool spent = n >= most || !(beta > 1e-14);
            if (spent || n % every == 0) {
                const std::vector<double> h = detail::in_ball(T_, size_, radius);
                if (spent || beta * std::abs(h[n - 1]) <= tolerance * size_) {
                    return;
                }
            }
            T_.off.push_back(beta);
            for (double entry : image) {
                basis_.push_back(entry / beta);
            }
        }
    }

    // The minimiser of the model in a ball.
    TrustStep step(double radius) const {
        TrustStep result;
        result.step.assign(m_, 0.0);
        if (T_.size() == 0) {
            return result;
        }
        const std::vector<double> h = detail::in_ball(T_, size_, radius);
        for (size_t n = 0; n < h.size(); ++n) {
            for (size_t at = 0; at < m_; ++at) {
                result.step[at] += h[n] * basis_[n * m_ + at];
            }
            const double beside = n > 0 ? 2.0 * T_.off[n - 1] * h[n - 1] : 0.0;
            result.predicted -= 0.5 * h[n] * (T_.diagonal[n] * h[n] + beside);
        }
        result.predicted -= size_ * h[0];
        result.length = detail::norm(h);
        return result;
    }

  private:
    size_t m_;
    double size_;
    std::vector<double> basis_;
    detail::Tridiagonal T_;
};

}  // namespace gmmscape
