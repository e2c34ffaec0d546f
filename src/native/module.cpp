// The Python module gmmscape.engine._native: thin bindings, the arithmetic is in the headers.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dispatch.hpp"
#include "em.hpp"
#include "logsumexp.hpp"
#include "missing_product.hpp"

namespace nb = nanobind;

namespace {

using gmmscape::Kernels;
using gmmscape::Model;
using gmmscape::Shape;
using std::size_t;

using Array = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Result = nb::ndarray<nb::numpy, double>;
using Ranges = nb::ndarray<const long long, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using RowMatrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

Result owned(std::unique_ptr<double[]> values, std::vector<size_t> shape) {
    double* data = values.get();
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<double*>(p); });
    values.release();  // the capsule owns the memory from here on
    return Result(data, shape.size(), shape.data(), owner);
}

Result copied(const std::vector<double>& values, std::vector<size_t> shape) {
    auto copy = std::make_unique<double[]>(values.size());
    std::copy(values.begin(), values.end(), copy.get());
    return owned(std::move(copy), std::move(shape));
}

void require(bool condition, const char* message) {
    if (!condition) {
        throw nb::value_error(message);
    }
}

Shape shape_named(const std::string& name) {
    for (const auto& [known, shape] : {std::pair<const char*, Shape>{"none", Shape::none},
                                       {"spherical", Shape::spherical},
                                       {"diag", Shape::diag},
                                       {"tied", Shape::tied},
                                       {"full", Shape::full}}) {
        if (name == known) {
            return shape;
        }
    }
    throw nb::value_error("a shape is 'none', 'spherical', 'diag', 'tied' or 'full'");
}

const Kernels& kernels_named(const std::string& name) {
    for (const Kernels* kernels : gmmscape::available_kernels()) {
        if (name == kernels->name) {
            return *kernels;
        }
    }
    throw nb::value_error("this machine or this build has no such instruction set");
}

std::vector<size_t> stored_shape(Shape shape, size_t k, size_t d) {
    switch (shape) {
        case Shape::none: return {0};
        case Shape::spherical: return {k};
        case Shape::diag: return {k, d};
        case Shape::tied: return {d, d};
        default: return {k, d, d};
    }
}

// A mixture as Python passes it; the arrays are checked once and not copied.
Model model_of(const std::string& kind, const Array& log_constants, const Matrix& means, const Array& factors) {
    const Shape shape = shape_named(kind);
    const size_t k = means.shape(0), d = means.shape(1);
    require(shape != Shape::none, "kind must be that of a mixture");
    require(k > 0 && d > 0 && log_constants.size() == k, "means and log_constants must have one entry a component");
    require(factors.size() == gmmscape::covariance_size(shape, k, d), "factors do not have the shape of their kind");
    return {shape, k, d, log_constants.data(), means.data(), factors.data()};
}

template <class T>
gmmscape::Rows<T> rows_of(const RowMatrix<T>& x, size_t d, const std::optional<Array>& origin,
                          const std::optional<Array>& weights, double weight) {
    require(x.shape(1) == d, "x must have as many columns as means");
    require(!origin || origin->size() == d, "origin must have one entry a column");
    require(!weights || weights->size() == x.shape(0), "weights must have one entry a row");
    return {x.data(), x.shape(0), d, origin ? origin->data() : nullptr, weights ? weights->data() : nullptr, weight};
}

template <class T>
nb::object statistics(const std::string& isa, const std::string& kind, const Array& log_constants, const Matrix& means,
                      const Array& factors, const RowMatrix<T>& x, const std::optional<Array>& origin,
                      const std::optional<Array>& weights, double weight, const std::string& scatter, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<T>(x, model.d, origin, weights, weight);
    const Shape shape = shape_named(scatter);
    gmmscape::Statistics found;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::statistics<T>(kernels, model, rows, shape, threads, found);
    }
    if (!dense) {
        return nb::none();
    }
    const size_t k = model.k, d = model.d;
    std::vector<double> scatter_matrix = found.scatter;
    if (shape == Shape::tied || shape == Shape::full) {
        const size_t count = shape == Shape::full ? k : 1;
        scatter_matrix.resize(count * d * d);
        for (size_t i = 0; i < count; ++i) {
            gmmscape::detail::unpack(found.scatter.data() + i * gmmscape::triangle(d), d,
                                     scatter_matrix.data() + i * d * d);
        }
    }
    return nb::make_tuple(found.log_likelihood, found.weight, copied(found.mass, {k}), copied(found.mean, {k, d}),
                          copied(scatter_matrix, stored_shape(shape, k, d)));
}

template <class T>
nb::object posterior(const std::string& isa, const std::string& kind, const Array& log_constants, const Matrix& means,
                     const Array& factors, const RowMatrix<T>& x, const std::optional<Array>& origin, size_t threads,
                     bool responsibilities) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<T>(x, model.d, origin, std::nullopt, 1.0);
    const size_t size = rows.n * (responsibilities ? model.k : 1);
    std::unique_ptr<double[]> values(new double[size]);
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::posterior<T>(kernels, model, rows, threads, responsibilities ? nullptr : values.get(),
                                       responsibilities ? values.get() : nullptr);
    }
    if (!dense) {
        return nb::none();
    }
    std::vector<size_t> shape = {rows.n};
    if (responsibilities) {
        shape.push_back(model.k);
    }
    return nb::cast(owned(std::move(values), shape));
}

template <class T, class U>
nb::object joined(const std::vector<gmmscape::Coverage>& parts, std::vector<U> gmmscape::Coverage::*member) {
    size_t size = 0;
    for (const gmmscape::Coverage& part : parts) {
        size += (part.*member).size();
    }
    auto values = std::make_unique<T[]>(size);
    T* at = values.get();
    for (const gmmscape::Coverage& part : parts) {
        at = std::copy((part.*member).begin(), (part.*member).end(), at);
    }
    T* data = values.get();
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    values.release();  // the capsule owns the memory from here on
    return nb::cast(nb::ndarray<nb::numpy, T>(data, 1, &size, owner));
}

nb::object coverage(const std::string& isa, const std::string& kind, const Array& log_constants, const Matrix& means,
                    const Array& factors, const RowMatrix<double>& x, const std::optional<Array>& origin,
                    double threshold, size_t threads) {
    using gmmscape::Coverage;
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, std::nullopt, 1.0);
    require(rows.n < size_t{1} << 32, "rows are numbered in 32 bits");
    std::vector<Coverage> parts;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::coverage(kernels, model, rows, threshold, threads, parts);
    }
    if (!dense) {
        return nb::none();
    }
    return nb::make_tuple(joined<long long>(parts, &Coverage::component), joined<long long>(parts, &Coverage::row),
                          joined<double>(parts, &Coverage::posterior), joined<double>(parts, &Coverage::rest));
}

// A mixture of one width, for derivatives in its means.
Model location_model(const Array& log_constants, const Matrix& means, const Array& factors) {
    const Model model = model_of("spherical", log_constants, means, factors);
    for (size_t i = 1; i < model.k; ++i) {
        require(model.factors[i] == model.factors[0], "derivatives are those of equal spherical covariances");
    }
    return model;
}

nb::object derivatives(const std::string& isa, const Array& log_constants, const Matrix& means, const Array& factors,
                       const RowMatrix<double>& x, const std::optional<Array>& origin,
                       const std::optional<Array>& weights, double weight, bool hessian, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = location_model(log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, weights, weight);
    std::vector<double> sums, second;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::derivatives(kernels, model, rows, hessian, threads, sums, second);
    }
    if (!dense) {
        return nb::none();
    }
    const size_t k = model.k, d = model.d;
    const auto mass = sums.begin() + 1, first = mass + static_cast<std::ptrdiff_t>(k);
    return nb::make_tuple(sums[0], copied({mass, first}, {k}),
                          copied({first, first + static_cast<std::ptrdiff_t>(k * d)}, {k, d}),
                          hessian ? nb::cast(copied(second, {k * d, k * d})) : nb::none());
}

// Moments of scores as Python reads them: second ones as matrices.
nb::tuple score_moments(const gmmscape::Information& found, Shape shape, size_t k, size_t d) {
    std::vector<double> second = found.second;
    if (shape == Shape::tied || shape == Shape::full) {
        const size_t count = shape == Shape::full ? k : 1;
        second.resize(count * d * d);
        for (size_t i = 0; i < count; ++i) {
            gmmscape::detail::unpack(found.second.data() + i * gmmscape::triangle(d), d, second.data() + i * d * d);
        }
    }
    return nb::make_tuple(found.log_likelihood, found.weight, copied(found.mass, {k}), copied(found.first, {k, d}),
                          copied(second, stored_shape(shape, k, d)));
}

nb::object information(const std::string& isa, const std::string& kind, const Array& log_constants,
                       const Matrix& means, const Array& factors, const RowMatrix<double>& x,
                       const std::optional<Array>& origin, const std::optional<Array>& weights, double weight,
                       const std::string& scatter, bool missing, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, weights, weight);
    const Shape shape = shape_named(scatter);
    gmmscape::Information found;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::information(kernels, model, rows, shape, missing, threads, found);
    }
    if (!dense) {
        return nb::none();
    }
    const auto size = static_cast<size_t>(std::llround(std::sqrt(static_cast<double>(found.missing.size()))));
    return nb::make_tuple(score_moments(found, shape, model.k, model.d),
                          missing ? nb::cast(copied(found.missing, {size, size})) : nb::none());
}

nb::object missing_product(const std::string& isa, const std::string& kind, const Array& log_constants,
                           const Matrix& means, const Array& factors, const RowMatrix<double>& x,
                           const std::optional<Array>& origin, const std::optional<Array>& weights, double weight,
                           const std::string& scatter, const Array& direction, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, weights, weight);
    const Shape shape = shape_named(scatter);
    const gmmscape::Scores scores = gmmscape::ScoresOf(model, shape).scores();
    require(direction.size() == model.k * scores.basis + (shape == Shape::tied ? scores.seconds : 0),
            "direction must have one entry a coordinate");
    gmmscape::Information found;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::missing_product(kernels, model, rows, shape, direction.data(), threads, found);
    }
    return dense ? nb::cast(score_moments(found, shape, model.k, model.d)) : nb::none();
}

nb::object rounding(const std::string& isa, const std::string& kind, const Array& log_constants, const Matrix& means,
                    const Array& factors, const RowMatrix<double>& x, const std::optional<Array>& origin,
                    const std::optional<Array>& weights, double weight, double constant, double shift,
                    size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, weights, weight);
    std::vector<double> sums;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::rounding(kernels, model, rows, constant, shift, threads, sums);
    }
    return dense ? nb::cast(copied(sums, {sums.size()})) : nb::none();
}

// Asks Python, while native threads work, whether they should go on.
class Watch {
  public:
    explicit Watch(nb::object callback) : callback_(std::move(callback)) {}

    bool operator()(const gmmscape::EmProgress& progress) {
        nb::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) {
            failure_.emplace();  // takes the error over: Ctrl-C, as a rule
            return true;
        }
        if (callback_.is_none()) {
            return false;
        }
        try {
            const nb::object answer =
                callback_(progress.ended.load(), progress.iterations.load(), progress.value.load());
            return answer.is(nb::bool_(true));
        } catch (nb::python_error& error) {
            failure_.emplace(std::move(error));
            return true;
        }
    }

    // Whether Ctrl-C ended the work; any other error is thrown again.
    bool interrupted() {
        if (!failure_) {
            return false;
        }
        if (failure_->matches(PyExc_KeyboardInterrupt)) {
            return true;
        }
        throw std::move(*failure_);
    }

  private:
    nb::object callback_;
    std::optional<nb::python_error> failure_;
};

// Parameters of all starts, one behind the other.
struct Starts {
    size_t count, k, d;
    std::vector<gmmscape::Fit> fits;

    Starts(Shape shape, const Array& weights, const Array& means, const Array& covariances) {
        require(shape != Shape::none && weights.ndim() == 2 && means.ndim() == 3,
                "kind must be that of a mixture, weights (starts, k), means (starts, k, d)");
        count = weights.shape(0), k = weights.shape(1), d = means.shape(2);
        const size_t size = gmmscape::covariance_size(shape, k, d);
        require(k > 0 && d > 0 && means.size() == count * k * d && covariances.size() == count * size,
                "means and covariances must have the shape of weights and kind, for each start");
        const auto part = [](const Array& all, size_t each, size_t b) {
            return std::vector<double>(all.data() + b * each, all.data() + (b + 1) * each);
        };
        for (size_t b = 0; b < count; ++b) {
            fits.push_back({part(weights, k, b), part(means, k * d, b), part(covariances, size, b), {}});
        }
    }
};

// What each start led to, as arrays over the starts; a start that was not begun comes back as it was.
nb::tuple ends_of(const Starts& starts, Shape shape, const std::vector<gmmscape::EmResult>& results,
                  bool interrupted) {
    std::vector<double> weights, means, covariances;
    nb::list ends;
    for (size_t b = 0; b < starts.count; ++b) {
        const gmmscape::EmResult& result = results[b];
        const gmmscape::Fit& fit = result.end == gmmscape::End::not_begun ? starts.fits[b] : result.fit;
        weights.insert(weights.end(), fit.weights.begin(), fit.weights.end());
        means.insert(means.end(), fit.means.begin(), fit.means.end());
        covariances.insert(covariances.end(), fit.covariances.begin(), fit.covariances.end());
        ends.append(nb::make_tuple(static_cast<int>(result.end), result.nll, result.step, result.starved,
                                   copied(result.history, {result.history.size()}),
                                   nb::make_tuple(result.work.passes, result.work.hessians, result.work.products)));
    }
    const size_t k = starts.k, d = starts.d;
    std::vector<size_t> stored = stored_shape(shape, k, d);
    stored.insert(stored.begin(), starts.count);
    return nb::make_tuple(copied(weights, {starts.count, k}), copied(means, {starts.count, k, d}),
                          copied(covariances, stored), ends, interrupted);
}

// What Python calls an EmTask, read field by field. A test compares the names with those of the class.
const char* const em_fields[] = {
    "kind",      "means_only", "weights", "means",      "covariances", "floor",  "spread", "scale",
    "unit",      "resolution", "narrowest", "largest_rise", "tol",     "max_iter", "accelerate", "gradient",
    "target",    "screen",     "outlook", "max_seconds", "ranges",      "watch",
    "prior_mass", "prior_scale", "second_order", "each_iteration",
};

template <class T>
T field(const nb::object& task, const char* name) {
    try {
        return nb::cast<T>(task.attr(name), false);  // no conversion: a copy would hide a wrong type
    } catch (const nb::cast_error&) {
        throw nb::type_error((std::string("the field ") + name + " of an EmTask has the wrong type").c_str());
    }
}

const char* const second_order_fields[] = {
    "after", "window", "largest", "dearest", "price",        "product_price", "secants", "products",
    "rough", "exact",  "rest",    "radius",  "least_radius", "acceptable",    "no_fall",
};

std::optional<gmmscape::SecondOrder> second_order_of(const nb::object& plan) {
    if (plan.is_none()) {
        return std::nullopt;
    }
    return gmmscape::SecondOrder{field<size_t>(plan, "after"),
                                 field<size_t>(plan, "window"),
                                 field<size_t>(plan, "largest"),
                                 field<double>(plan, "dearest"),
                                 field<double>(plan, "price"),
                                 field<double>(plan, "product_price"),
                                 field<size_t>(plan, "secants"),
                                 field<size_t>(plan, "products"),
                                 field<double>(plan, "rough"),
                                 field<double>(plan, "exact"),
                                 field<size_t>(plan, "rest"),
                                 field<double>(plan, "radius"),
                                 field<double>(plan, "least_radius"),
                                 field<double>(plan, "acceptable"),
                                 field<double>(plan, "no_fall")};
}

nb::tuple em(const std::string& isa, const RowMatrix<double>& x, const std::optional<Array>& origin,
             const std::optional<Array>& row_weights, double row_weight, const nb::object& task, size_t threads) {
    const auto kind = field<std::string>(task, "kind");
    const auto location = field<bool>(task, "means_only");
    const auto floor = field<Array>(task, "floor"), spread = field<Array>(task, "spread");
    const auto scale = field<Array>(task, "scale");
    const auto gradient = field<bool>(task, "gradient");
    const auto prior_mass = field<std::optional<Array>>(task, "prior_mass");
    const auto prior_scale = field<std::optional<Array>>(task, "prior_scale");
    const auto ranges = field<std::optional<Ranges>>(task, "ranges");
    const auto seconds = field<std::optional<double>>(task, "max_seconds");
    const Kernels& kernels = kernels_named(isa);
    const Shape shape = shape_named(kind);
    const Starts starts(shape, field<Array>(task, "weights"), field<Array>(task, "means"),
                        field<Array>(task, "covariances"));
    const size_t d = starts.d;
    require(floor.size() == d && spread.size() == d && scale.size() == d * d, "floor, spread, scale: (d), (d), (d, d)");
    const auto all = rows_of<double>(x, d, origin, row_weights, row_weight);
    require(!ranges || (ranges->shape(0) == starts.count && ranges->shape(1) == 2), "ranges must be (starts, 2)");
    for (size_t i = 0; ranges && i < starts.count; ++i) {
        const auto first = (*ranges)(i, 0), last = (*ranges)(i, 1);
        require(0 <= first && first < last && static_cast<size_t>(last) <= all.n, "ranges must be of rows of x");
    }
    const auto rows = [&](size_t start) {
        if (!ranges) {
            return all;
        }
        const auto first = static_cast<size_t>((*ranges)(start, 0)), last = static_cast<size_t>((*ranges)(start, 1));
        gmmscape::Rows<double> own = all;
        own.x += first * d;
        own.weights = all.weights == nullptr ? nullptr : all.weights + first;
        own.n = last - first;
        return own;
    };
    require(prior_mass.has_value() == prior_scale.has_value(), "prior_mass and prior_scale go together");
    require(!prior_mass || (prior_mass->size() == starts.count && prior_scale->size() == d * d),
            "prior_mass, prior_scale: (starts), (d, d)");
    std::vector<double> prior_root(prior_scale ? d * d : 0);
    require(!prior_scale || gmmscape::detail::cholesky(prior_scale->data(), d, prior_root.data()),
            "prior_scale must be positive definite");
    const auto copy = [](const Array& a) { return std::vector<double>(a.data(), a.data() + a.size()); };
    const gmmscape::Family family{shape,
                                  location,
                                  copy(floor),
                                  copy(spread),
                                  copy(scale),
                                  std::log(field<double>(task, "unit")),
                                  field<double>(task, "resolution"),
                                  field<double>(task, "narrowest"),
                                  prior_scale ? copy(*prior_scale) : std::vector<double>{},
                                  std::move(prior_root)};
    require(location || !gradient, "gradient descent moves means only");
    gmmscape::EmOptions options{field<double>(task, "tol"),
                                field<size_t>(task, "max_iter"),
                                field<bool>(task, "accelerate"),
                                gradient,
                                field<double>(task, "target"),
                                field<size_t>(task, "screen"),
                                field<size_t>(task, "outlook"),
                                field<bool>(task, "each_iteration"),
                                second_order_of(task.attr("second_order")),
                                field<double>(task, "largest_rise"),
                                std::nullopt};
    if (seconds && *seconds < 1e9) {  // longer does not fit a clock and means no limit
        options.deadline = gmmscape::Clock::now() +
                           std::chrono::duration_cast<gmmscape::Clock::duration>(std::chrono::duration<double>(*seconds));
    }
    const std::vector<double> priors =
        prior_mass ? copy(*prior_mass) : std::vector<double>(starts.count, 0.0);
    Watch poll(task.attr("watch"));
    std::vector<gmmscape::EmResult> results;
    {
        nb::gil_scoped_release release;
        results = gmmscape::em_from_all(kernels, family, rows, options, starts.fits, priors, starts.k, threads, std::ref(poll));
    }
    return ends_of(starts, shape, results, poll.interrupted());
}

Result logsumexp_rows(const Matrix& matrix) {
    const size_t rows = matrix.shape(0);
    auto values = std::make_unique<double[]>(rows);
    {
        nb::gil_scoped_release release;
        gmmscape::logsumexp_rows(matrix.data(), rows, matrix.shape(1), values.get());
    }
    return owned(std::move(values), {rows});
}

template <class T>
void define_passes(nb::module_& module) {
    // noconvert: a silent copy of a large array would hide what the caller should not have passed.
    module.def("statistics", &statistics<T>, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("weights").noconvert().none(), nb::arg("weight"),
               nb::arg("scatter"), nb::arg("threads"));
    module.def("posterior", &posterior<T>, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("threads"), nb::arg("responsibilities"));
}

}  // namespace

NB_MODULE(_native, module) {
    module.doc() = "Compiled kernels of the engine.";
    define_passes<double>(module);
    define_passes<float>(module);
    module.def(
        "instruction_sets",
        [] {
            std::vector<std::string> names;
            for (const Kernels* kernels : gmmscape::available_kernels()) {
                names.emplace_back(kernels->name);
            }
            return names;
        },
        "Return the instruction sets that this build holds and this machine can run, the fastest last.");
    module.def("derivatives", &derivatives, nb::arg("isa"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("weights").noconvert().none(), nb::arg("weight"),
               nb::arg("hessian"), nb::arg("threads"));
    module.def("rounding", &rounding, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("weights").noconvert().none(), nb::arg("weight"),
               nb::arg("constant"), nb::arg("shift"), nb::arg("threads"));
    module.def("information", &information, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("weights").noconvert().none(), nb::arg("weight"),
               nb::arg("scatter"), nb::arg("missing"), nb::arg("threads"));
    module.def("missing_product", &missing_product, nb::arg("isa"), nb::arg("kind"),
               nb::arg("log_constants").noconvert(), nb::arg("means").noconvert(), nb::arg("factors").noconvert(),
               nb::arg("x").noconvert(), nb::arg("origin").noconvert().none(), nb::arg("weights").noconvert().none(),
               nb::arg("weight"), nb::arg("scatter"), nb::arg("direction").noconvert(), nb::arg("threads"));
    module.def("coverage", &coverage, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("threshold"), nb::arg("threads"));
    module.def("em", &em, nb::arg("isa"), nb::arg("x").noconvert(), nb::arg("origin").noconvert().none(),
               nb::arg("row_weights").noconvert().none(), nb::arg("row_weight"), nb::arg("task"), nb::arg("threads"));
    module.def("em_fields", [] { return std::vector<std::string>(std::begin(em_fields), std::end(em_fields)); },
               "Return the names of the fields that `em` reads from its task.");
    module.def("second_order_fields",
               [] { return std::vector<std::string>(std::begin(second_order_fields), std::end(second_order_fields)); },
               "Return the names of the fields that `em` reads from a task's second-order phase.");
    module.def(
        "machine_limit",
        [](const std::string& isa, const std::string& what, size_t repetitions, const std::optional<Array>& x) {
            const Kernels& kernels = kernels_named(isa);
            nb::gil_scoped_release release;
            double result = 0.0;
            if (what == "multiply_add") {
                result = kernels.multiply_add(repetitions);
            } else if (what == "exponentials") {
                result = kernels.exponentials(repetitions);
            } else {
                for (size_t i = 0; x && i < repetitions; ++i) {
                    result += kernels.read(x->data(), x->size());
                }
            }
            return result;
        },
        nb::arg("isa"), nb::arg("what"), nb::arg("repetitions"), nb::arg("x").noconvert().none());
    module.def("logsumexp_rows", &logsumexp_rows, nb::arg("matrix").noconvert(),
               "Return log(sum(exp(row))) of each row of a C-contiguous float64 matrix.\n\n"
               "Any other type or layout is a TypeError. An empty row gives -inf. The GIL is released.");
}
