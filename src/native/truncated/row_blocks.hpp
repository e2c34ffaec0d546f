// Rows in an order in which neighbours are near, cut into small blocks, with boxes about them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "../engine.hpp"

namespace gmmscape {

// Rows of one component follow each other, and components as their means do along the cuts of a k-d tree. The blocks
// are the leaves of a binary tree of runs of blocks: a run [a, b) is cut at (a + b) / 2, which names its box.
struct RowBlocks {
    size_t d = 0, most = 0;                 // columns; rows of the largest block
    std::vector<unsigned> order;            // rows, block after block
    std::vector<size_t> starts;             // (blocks + 1): places in `order`
    std::vector<double> x, weights;         // rows in that order, and their weights, if they are kept
    std::vector<double> center, half;       // (blocks, d): boxes, in local coordinates
    std::vector<double> radius;             // (blocks): largest distance of a row from the center
    std::vector<double> run_center, run_half;  // (blocks, d): boxes of runs, by the block that they are cut at

    size_t blocks() const { return radius.size(); }
};

namespace detail {

// The order of components whose means are split at their median along the widest column, again and again.
inline void split_means(const double* means, const std::vector<double>& scale, std::vector<unsigned>& order,
                        size_t first, size_t last) {
    const size_t d = scale.size();
    if (last - first < 2) {
        return;
    }
    size_t widest = 0;
    double width = -1.0;
    for (size_t j = 0; j < d; ++j) {
        double low = std::numeric_limits<double>::infinity(), high = -low;
        for (size_t at = first; at < last; ++at) {
            low = std::min(low, means[order[at] * d + j]);
            high = std::max(high, means[order[at] * d + j]);
        }
        if ((high - low) * scale[j] > width) {
            width = (high - low) * scale[j];
            widest = j;
        }
    }
    const size_t middle = first + (last - first) / 2;
    const auto place = [&](size_t at) { return order.begin() + static_cast<std::ptrdiff_t>(at); };
    std::nth_element(place(first), place(middle), place(last), [&](unsigned a, unsigned b) {
        const double x = means[a * d + widest], y = means[b * d + widest];
        return x < y || (x == y && a < b);
    });
    split_means(means, scale, order, first, middle);
    split_means(means, scale, order, middle, last);
}

// Splits rows of one component along the widest column, in units of `scale`, into blocks of `size` rows: all but the
// last are full. Each piece is a copy of its rows, which lie anywhere in memory, with their numbers.
class RowSplitter {
  public:
    RowSplitter(const Rows<double>& rows, size_t size) : rows_(rows), size_(size) {}

    void split(unsigned* order, size_t count, const double* scale) const {
        const size_t d = rows_.d, blocks = (count + size_ - 1) / size_;
        if (blocks < 2) {
            return;
        }
        size_t widest = 0;
        double width = -1.0;
        for (size_t j = 0; j < d; ++j) {
            double low = std::numeric_limits<double>::infinity(), high = -low;
            for (size_t at = 0; at < count; ++at) {
                const double x = rows_.x[static_cast<size_t>(order[at]) * d + j];
                low = std::min(low, x);
                high = std::max(high, x);
            }
            if ((high - low) * scale[j] > width) {
                width = (high - low) * scale[j];
                widest = j;
            }
        }
        struct Place {
            double x;
            unsigned row;
        };
        std::vector<Place> places(count);
        for (size_t at = 0; at < count; ++at) {
            places[at] = {rows_.x[static_cast<size_t>(order[at]) * d + widest], order[at]};
        }
        const size_t left = blocks / 2 * size_;
        std::nth_element(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(left), places.end(),
                         [](const Place& a, const Place& b) { return a.x < b.x || (a.x == b.x && a.row < b.row); });
        for (size_t at = 0; at < count; ++at) {
            order[at] = places[at].row;
        }
        split(order, left, scale);
        split(order + left, count - left, scale);
    }

  private:
    const Rows<double>& rows_;
    const size_t size_;
};

// A box about boxes, or about rows.
struct BoxOf {
    std::vector<double> low, high;

    explicit BoxOf(size_t d) : low(d), high(d) { clear(); }
    void clear() {
        std::fill(low.begin(), low.end(), std::numeric_limits<double>::infinity());
        std::fill(high.begin(), high.end(), -std::numeric_limits<double>::infinity());
    }
    void add(size_t j, double from, double to) {
        low[j] = std::min(low[j], from);
        high[j] = std::max(high[j], to);
    }
    // Rounded outwards: no corner is outside.
    void write(double* center, double* half) const {
        for (size_t j = 0; j < low.size(); ++j) {
            center[j] = 0.5 * low[j] + 0.5 * high[j];
            constexpr double slack = 4.0 * std::numeric_limits<double>::epsilon();
            half[j] = std::max(high[j] - center[j], center[j] - low[j]) * (1.0 + slack) + slack * std::abs(center[j]);
        }
    }
};

inline void box_runs(RowBlocks& blocks, size_t first, size_t last, BoxOf& box) {
    const size_t d = blocks.d;
    if (last - first == 1) {
        for (size_t j = 0; j < d; ++j) {
            const size_t at = first * d + j;
            box.add(j, blocks.center[at] - blocks.half[at], blocks.center[at] + blocks.half[at]);
        }
        return;
    }
    const size_t middle = (first + last) / 2;
    BoxOf own(d);
    box_runs(blocks, first, middle, own);
    box_runs(blocks, middle, last, own);
    own.write(blocks.run_center.data() + middle * d, blocks.run_half.data() + middle * d);
    for (size_t j = 0; j < d; ++j) {
        box.add(j, own.low[j], own.high[j]);
    }
}

inline void box_block(const Rows<double>& rows, RowBlocks& blocks, size_t b, BoxOf& box) {
    const size_t d = blocks.d;
    const auto local = [&](size_t at, size_t j) {
        const double x = rows.x[static_cast<size_t>(blocks.order[at]) * d + j];
        return rows.origin == nullptr ? x : x - rows.origin[j];
    };
    box.clear();
    for (size_t at = blocks.starts[b]; at < blocks.starts[b + 1]; ++at) {
        for (size_t j = 0; j < d; ++j) {
            const double x = local(at, j);
            box.add(j, x, x);
        }
    }
    double* center = blocks.center.data() + b * d;
    box.write(center, blocks.half.data() + b * d);
    double largest = 0.0;
    for (size_t at = blocks.starts[b]; at < blocks.starts[b + 1]; ++at) {
        double squared = 0.0;
        for (size_t j = 0; j < d; ++j) {
            const double less = local(at, j) - center[j];
            squared += less * less;
        }
        largest = std::max(largest, squared);
    }
    blocks.radius[b] = std::sqrt(largest) * (1.0 + static_cast<double>(d + 4) * std::numeric_limits<double>::epsilon());
}

inline void copy_rows(const Rows<double>& rows, RowBlocks& blocks) {
    const size_t n = blocks.order.size(), d = blocks.d;
    blocks.x.resize(n * d);
    blocks.weights.resize(rows.weights == nullptr ? 0 : n);
    for (size_t at = 0; at < n; ++at) {
        const size_t row = blocks.order[at];
        for (size_t j = 0; j < d; ++j) {
            blocks.x[at * d + j] = rows.x[row * d + j];
        }
        if (rows.weights != nullptr) {
            blocks.weights[at] = rows.weights[row];
        }
    }
}

}  // namespace detail

// Blocks of at most `size` rows; `nearest` names the component of each row, whose columns are measured in units of
// `scale` (k, d): reciprocal standard deviations, about. Of every `step` components the rows of one are taken. Rows that
// lie anywhere in memory take long to come: they are copied, if `copied`.
inline RowBlocks row_blocks(const Rows<double>& rows, const Model& model, const std::vector<unsigned>& nearest,
                            const std::vector<double>& scale, size_t size, size_t step, bool copied,
                            size_t threads) {
    const size_t n = rows.n, k = model.k, d = model.d;
    std::vector<double> mean_scale(d, 0.0);
    for (size_t i = 0; i < k * d; ++i) {
        mean_scale[i % d] += scale[i] / static_cast<double>(k);
    }
    std::vector<unsigned> components(k);
    std::iota(components.begin(), components.end(), 0U);
    detail::split_means(model.means, mean_scale, components, 0, k);
    std::vector<size_t> own(k, 0);
    for (unsigned i : nearest) {
        own[i] += i % step == 0 ? 1 : 0;
    }
    RowBlocks blocks;
    blocks.d = d;
    blocks.most = std::min(size, *std::max_element(own.begin(), own.end()));
    std::vector<size_t> begin(k);
    size_t at = 0;
    for (unsigned i : components) {
        begin[i] = at;
        for (size_t from = 0; from < own[i]; from += size) {
            blocks.starts.push_back(at + from);
        }
        at += own[i];
    }
    blocks.starts.push_back(at);
    blocks.order.resize(at);
    std::vector<size_t> free = begin;
    for (size_t r = 0; r < n; ++r) {
        if (nearest[r] % step == 0) {
            blocks.order[free[nearest[r]]++] = static_cast<unsigned>(r);
        }
    }
    const detail::RowSplitter splitter(rows, size);
    share_out(k, threads, [&](auto next) {
        for (size_t c = next(); c < k; c = next()) {
            splitter.split(blocks.order.data() + begin[c], own[c], scale.data() + c * d);
        }
    });
    if (copied) {
        detail::copy_rows(rows, blocks);
    }
    const size_t count = blocks.starts.size() - 1;
    for (std::vector<double>* box : {&blocks.center, &blocks.half, &blocks.run_center, &blocks.run_half}) {
        box->resize(count * d);
    }
    blocks.radius.resize(count);
    share_out(count, threads, [&](auto next) {
        detail::BoxOf box(d);
        for (size_t b = next(); b < count; b = next()) {
            detail::box_block(rows, blocks, b, box);
        }
    });
    if (count > 0) {
        detail::BoxOf all(d);
        detail::box_runs(blocks, 0, count, all);
    }
    return blocks;
}

}  // namespace gmmscape
