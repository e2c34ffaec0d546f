// EM from many starts, for Python: tasks read field by field, progress shown while native threads work.
#pragma once

#include <chrono>
#include <cmath>
#include <functional>
#include <tuple>

#include "../em/many_starts.hpp"
#include "arrays.hpp"

namespace {

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

// What a run needs to go on, if it was kept: of use to the engine alone.
struct Memory {
    std::shared_ptr<const gmmscape::EmMemory> kept;
};

nb::object memory_of(const gmmscape::EmResult& result) {
    return result.memory ? nb::cast(Memory{result.memory}) : nb::none();
}

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
                                   nb::make_tuple(result.work.passes, result.work.hessians, result.work.products,
                                                  result.work.densities),
                                   memory_of(result)));
    }
    const size_t k = starts.k, d = starts.d;
    std::vector<size_t> stored = stored_shape(shape, k, d);
    stored.insert(stored.begin(), starts.count);
    return nb::make_tuple(copied(weights, {starts.count, k}), copied(means, {starts.count, k, d}),
                          copied(covariances, stored), ends, interrupted);
}

// What Python calls an EmTask, read field by field. A test compares the names with those of the class.
const char* const em_fields[] = {
    "kind",      "means_only", "free_weights", "weights", "means",      "covariances", "floor",  "spread", "scale",
    "unit",      "resolution", "narrowest", "largest_rise", "tol",     "max_iter", "accelerate", "gradient", "flow_step",
    "target",    "screen",     "outlook", "max_seconds", "ranges",      "watch",
    "prior_mass", "prior_scale", "second_order", "each_iteration", "keep", "resume",
    "background", "background_weight", "background_steps", "truncation",
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
    "after", "window", "largest", "dearest", "price", "products_price", "product_cost", "secants", "products",
    "rough", "exact", "correction", "reach", "trial", "payback", "rest", "radius", "least_radius", "longest", "acceptable",
    "poor", "no_fall",
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
                                 field<double>(plan, "products_price"),
                                 field<double>(plan, "product_cost"),
                                 field<size_t>(plan, "secants"),
                                 field<size_t>(plan, "products"),
                                 field<double>(plan, "rough"),
                                 field<double>(plan, "exact"),
                                 field<double>(plan, "correction"),
                                 field<double>(plan, "reach"),
                                 field<double>(plan, "trial"),
                                 field<double>(plan, "payback"),
                                 field<size_t>(plan, "rest"),
                                 field<double>(plan, "radius"),
                                 field<double>(plan, "least_radius"),
                                 field<double>(plan, "longest"),
                                 field<double>(plan, "acceptable"),
                                 field<double>(plan, "poor"),
                                 field<double>(plan, "no_fall")};
}

const char* const truncation_fields[] = {
    "least_components", "block_rows", "wide_block_rows", "left_out", "light", "pays", "sample_rows", "sample_blocks", "sample_components",
    "sorting", "shortest_wait", "longest_wait", "most_bytes",
};

std::optional<gmmscape::TruncationPlan> truncation_of(const nb::object& plan) {
    if (plan.is_none()) {
        return std::nullopt;
    }
    return gmmscape::TruncationPlan{field<size_t>(plan, "least_components"), field<size_t>(plan, "block_rows"),
                                    field<size_t>(plan, "wide_block_rows"),  field<double>(plan, "left_out"),         field<double>(plan, "light"),
                                    field<double>(plan, "pays"),             field<size_t>(plan, "sample_rows"),
                                    field<size_t>(plan, "sample_blocks"),    field<size_t>(plan, "sample_components"),
                                    field<double>(plan, "sorting"),          field<size_t>(plan, "shortest_wait"),
                                    field<size_t>(plan, "longest_wait"),
                                    field<size_t>(plan, "most_bytes")};
}

using Columns = nb::ndarray<const long long, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using PatternArrays = std::tuple<Columns, RowMatrix<double>, std::optional<Array>, std::optional<Array>, double>;

// Rows by pattern of observed columns: these, and the rows in them with origin and weights.
std::vector<gmmscape::Pattern> patterns_of(const std::vector<PatternArrays>& given, size_t d) {
    std::vector<gmmscape::Pattern> patterns;
    for (const auto& [columns, x, origin, weights, weight] : given) {
        gmmscape::Pattern one{{}, rows_of<double>(x, columns.size(), origin, weights, weight)};
        for (size_t a = 0; a < columns.size(); ++a) {
            const long long column = columns(a);
            require(0 <= column && static_cast<size_t>(column) < d &&
                        (a == 0 || one.columns.back() < static_cast<size_t>(column)),
                    "columns of a pattern must ascend, from 0");
            one.columns.push_back(static_cast<size_t>(column));
        }
        require(!one.columns.empty(), "a pattern has a column at least");
        patterns.push_back(std::move(one));
    }
    return patterns;
}

nb::tuple em(const std::string& isa, const RowMatrix<double>& x, const std::optional<Array>& origin,
             const std::optional<Array>& row_weights, double row_weight, const nb::object& task, size_t threads,
             const std::vector<PatternArrays>& pattern_arrays) {
    const auto kind = field<std::string>(task, "kind");
    const auto location = field<bool>(task, "means_only");
    const auto weighted = field<bool>(task, "free_weights");
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
                                  weighted || !location,
                                  copy(floor),
                                  copy(spread),
                                  copy(scale),
                                  std::log(field<double>(task, "unit")),
                                  field<double>(task, "resolution"),
                                  field<double>(task, "narrowest"),
                                  prior_scale ? copy(*prior_scale) : std::vector<double>{},
                                  std::move(prior_root)};
    const auto flow_step = field<double>(task, "flow_step");
    require(location || !gradient, "gradient descent holds covariances");
    require(gradient || !(flow_step > 0.0), "a flow is one of the gradient");
    gmmscape::EmOptions options{field<double>(task, "tol"),
                                field<size_t>(task, "max_iter"),
                                field<bool>(task, "accelerate"),
                                gradient,
                                flow_step,
                                field<double>(task, "target"),
                                field<size_t>(task, "screen"),
                                field<size_t>(task, "outlook"),
                                field<bool>(task, "each_iteration"),
                                second_order_of(task.attr("second_order")),
                                field<double>(task, "largest_rise"),
                                std::nullopt};
    options.truncation = truncation_of(task.attr("truncation"));
    options.keep = field<bool>(task, "keep");
    if (const nb::object resume = task.attr("resume"); !resume.is_none()) {
        options.resume = nb::cast<const Memory&>(resume).kept;
        const gmmscape::Fit& fit = options.resume->last_.fit;
        require(starts.count == 1 && fit.weights.size() == starts.k && fit.means.size() == starts.k * d,
                "resume is for one start, of the shape that it has");
        const auto& blocks = options.resume->truncation_.blocks;  // they number the rows
        require(blocks == nullptr || blocks->order.size() == rows(0).n, "resume is for the rows that it has seen");
    }
    const auto background = field<std::optional<Array>>(task, "background");
    require(!background || (background->size() == all.n && !options.second_order),
            "a background has a density for each row, and no second order");
    if (background) {
        options.background = gmmscape::Background{background->data(), all.x, field<double>(task, "background_weight"),
                                                  field<size_t>(task, "background_steps")};
    }
    if (seconds && *seconds < 1e9) {  // longer does not fit a clock and means no limit
        options.deadline = gmmscape::Clock::now() +
                           std::chrono::duration_cast<gmmscape::Clock::duration>(
                               std::chrono::duration<double>(std::max(*seconds, 0.0)));  // nor does far in the past
    }
    const std::vector<double> priors =
        prior_mass ? copy(*prior_mass) : std::vector<double>(starts.count, 0.0);
    const std::vector<gmmscape::Pattern> patterns = patterns_of(pattern_arrays, d);
    if (!patterns.empty()) {
        require(!ranges && !options.second_order, "patterns are of all rows, without second derivatives");
        options.patterns = &patterns;
    }
    Watch poll(task.attr("watch"));
    std::vector<gmmscape::EmResult> results;
    {
        nb::gil_scoped_release release;
        results = gmmscape::em_from_all(kernels, family, rows, options, starts.fits, priors, starts.k, threads, std::ref(poll));
    }
    return ends_of(starts, shape, results, poll.interrupted());
}

}  // namespace
