// The Python module gmmscape.engine._native: thin bindings, the arithmetic is in the headers.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/em.hpp"
#include "bindings/information.hpp"
#include "logsumexp.hpp"

namespace {

nb::object parts_of(const gmmscape::Statistics& found, Shape shape, size_t k, size_t d) {
    return nb::make_tuple(found.log_likelihood, found.weight, copied(found.mass, {k}), copied(found.mean, {k, d}),
                          copied(unpacked(found.scatter, shape, k, d), stored_shape(shape, k, d)));
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
    return dense ? parts_of(found, shape, model.k, model.d) : nb::none();
}

// Rows in an order in which few components matter to neighbours; what passes in it need to know.
struct RowOrder {
    gmmscape::TruncationPlan plan;
    gmmscape::TruncationState state;
    size_t n;
};

// The order by a mixture, without copies of the rows; None where passes in it do not pay.
nb::object order(const std::string& isa, const std::string& kind, const Array& log_constants, const Matrix& means,
                 const Array& factors, const RowMatrix<double>& x, const std::optional<Array>& origin,
                 const std::optional<Array>& weights, double weight, const std::string& scatter,
                 const nb::object& truncation, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, weights, weight);
    const Shape shape = shape_named(scatter);
    RowOrder found{truncation_of(truncation).value(), {}, rows.n};
    {
        nb::gil_scoped_release release;
        gmmscape::Truncation(kernels, rows, found.plan, found.state, threads, false).sort_by(model, shape);
    }
    return found.state.blocks == nullptr ? nb::none() : nb::cast(std::move(found));
}

// The statistics of rows in an order, None where such a pass cannot tell them.
nb::object ordered_statistics(const std::string& isa, const std::string& kind, const Array& log_constants,
                              const Matrix& means, const Array& factors, const RowMatrix<double>& x,
                              const std::optional<Array>& origin, const std::optional<Array>& weights, double weight,
                              const std::string& scatter, const RowOrder& order, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, weights, weight);
    const Shape shape = shape_named(scatter);
    require(order.n == rows.n && order.state.blocks->d == model.d, "an order is one of the rows that it was made of");
    gmmscape::TruncationState state = order.state;
    gmmscape::Statistics found;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::Truncation(kernels, rows, order.plan, state, threads, false).statistics(model, shape, found);
    }
    return dense ? parts_of(found, shape, model.k, model.d) : nb::none();
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

template <class T>
nb::object flat(std::unique_ptr<T[]> values, size_t size) {
    T* data = values.get();
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    values.release();  // the capsule owns the memory from here on
    return nb::cast(nb::ndarray<nb::numpy, T>(data, 1, &size, owner));
}

nb::object nearest(const std::string& isa, const std::string& kind, const Array& log_constants, const Matrix& means,
                   const Array& factors, const RowMatrix<double>& x, const std::optional<Array>& origin,
                   size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    require(model.k < size_t{1} << 32, "components are numbered in 32 bits");
    const auto rows = rows_of<double>(x, model.d, origin, std::nullopt, 1.0);
    std::vector<unsigned> found;
    {
        nb::gil_scoped_release release;
        found = gmmscape::nearest(kernels, model, rows, threads);
    }
    auto values = std::make_unique<long long[]>(rows.n);
    std::copy(found.begin(), found.end(), values.get());
    return flat(std::move(values), rows.n);
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
    return flat(std::move(values), size);
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
    module.def("nearest", &nearest, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("threads"));
    nb::class_<RowOrder>(module, "RowOrder", "Rows in an order in which few components matter to neighbours.");
    module.def("order", &order, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("weights").noconvert().none(), nb::arg("weight"),
               nb::arg("scatter"), nb::arg("truncation"), nb::arg("threads"));
    module.def("ordered_statistics", &ordered_statistics, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("weights").noconvert().none(), nb::arg("weight"),
               nb::arg("scatter"), nb::arg("order"), nb::arg("threads"));
    nb::class_<Memory>(module, "EmMemory", "What a run of EM needs to go on.");
    module.def("em", &em, nb::arg("isa"), nb::arg("x").noconvert(), nb::arg("origin").noconvert().none(),
               nb::arg("row_weights").noconvert().none(), nb::arg("row_weight"), nb::arg("task"), nb::arg("threads"),
               nb::arg("patterns") = std::vector<PatternArrays>{});
    module.def("em_fields", [] { return std::vector<std::string>(std::begin(em_fields), std::end(em_fields)); },
               "Return the names of the fields that `em` reads from its task.");
    module.def("second_order_fields",
               [] { return std::vector<std::string>(std::begin(second_order_fields), std::end(second_order_fields)); },
               "Return the names of the fields that `em` reads from a task's second-order phase.");
    module.def("truncation_fields",
               [] { return std::vector<std::string>(std::begin(truncation_fields), std::end(truncation_fields)); },
               "Return the names of the fields that `em` reads from a task's truncation.");
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
