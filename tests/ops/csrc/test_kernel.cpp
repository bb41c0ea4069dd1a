// The kernel by itself, to be run under AddressSanitizer and UBSan: every array has its exact size, so that one number
// read or written past it is seen, and outputs hold NaN before, so that one never written is. Backward is held against
// finite differences of forward, threads against one thread, steps against a scan, the blocked product against the
// plain one. What forward computes, test_kernel.py holds against the equations. Exits with 1 where something is wrong.
#include "case.h"

#include <cstdio>

namespace {

int failures = 0;

void expect(bool right, const std::string& what) {
    if (!right && ++failures <= 40) std::printf("wrong: %s\n", what.c_str());
}

template <class Real>
bool near(const Real* a, const Real* b, int64_t count) {
    double most = 1, off = 0;
    for (int64_t k = 0; k < count; ++k) {
        most = std::max(most, std::abs(static_cast<double>(b[k])));
        const double here = std::abs(static_cast<double>(a[k]) - static_cast<double>(b[k]));
        if (!(here <= off)) off = here;  // NaN too
    }
    return off <= most * 4096 * static_cast<double>(std::numeric_limits<Real>::epsilon());
}

// Everything written; past a row's end zero, or never looked at.
template <class Real>
void is_whole(const Case<Real>& c, const Arrays<Real>& all) {
    for (const Array<Real>& a : all) {
        const bool a_step = a.name == "inner" || a.name == "normed" || a.name == "scale" || a.name == "stats_c";
        const int64_t width = a_step && c.T > 0 && c.B > 0 ? a.count / (c.T * c.B) : 1;
        for (int64_t k = 0; k < a.count; ++k)
            if (c.on.slots || !a_step || c.lives(k / width / c.B, k / width % c.B))
                if (!std::isfinite(a[k])) return expect(false, c.on.name() + ": " + a.name + " is not written whole");
    }
}

template <class Real>
void agree(const Case<Real>& c, const Arrays<Real>& found, const Arrays<Real>& usual, const char* how) {
    for (const Array<Real>& a : found) {
        if (a.name == "inner" || a.name == "normed" || a.name == "scale" || a.name == "stats_c") continue;
        expect(near(a.begin(), find(usual, a.name)->begin(), a.count), c.on.name() + ": " + a.name + " differs " + how);
    }
}

template <class Real>
void check_ways(const Options& on) {
    Case<Real> c(on);
    const Arrays<Real> usual = c.forward(true), back = c.backward();
    is_whole(c, usual), is_whole(c, back);
    for (int64_t threads = 1; threads <= 3; ++threads)
        for (int64_t split : {by_rows, by_units}) {
            c.s.threads = threads, c.s.split = split;
            agree(c, c.forward(false), usual, "where nobody goes back");
            const Arrays<Real> again = c.forward(true);
            agree(c, again, usual, "between threads"), agree(c, c.backward(), back, "between threads");
        }
    // The gates may take the place of u.
    Array<Real> u("u", c.N * c.G);
    std::copy(c.s.u, c.s.u + u.count, u.begin());
    const Arrays<Real> apart = c.forward(true);
    c.s.u = c.s.gates = u.begin();
    expect(doors<Real>.forward(c.s), "memory");
    agree(c, apart, usual, "where gates and u share memory");
    expect(near(u.begin(), find(usual, "gates")->begin(), u.count), on.name() + ": gates in u's memory differ");
}

double loss(Case<double>& c) {
    const Arrays<double> all = c.forward(true);
    double total = 0;
    for (const Array<double>& d : c.cotangents)
        for (int64_t k = 0; k < d.count; ++k) total += d[k] * (*find(all, d.name))[k];
    return total;
}

// The slope of the loss along a random line through each thing that goes in.
void check_slopes(const Options& on) {
    Case<double> c(on);
    const Arrays<double> all = c.forward(true), back = c.backward();
    for (const Array<double>& x : c.in) {
        const Array<double>* gradient = find(back, x.name);
        if (!gradient) {
            expect(x.name == "m" || x.name == "zh" || x.name == "zc" || on.mute, x.name + " has no gradient");
            continue;
        }
        const std::vector<double> before(x.begin(), x.end());
        std::vector<double> way(before.size());
        double slope = 0, ends[2], size = 1;
        for (size_t k = 0; k < way.size(); ++k) {
            way[k] = normal();
            slope += way[k] * (*gradient)[static_cast<int64_t>(k)];
            size += std::abs(way[k] * (*gradient)[static_cast<int64_t>(k)]);
        }
        constexpr double little = 1e-6;
        for (int side : {0, 1}) {
            for (size_t k = 0; k < way.size(); ++k) x.begin()[k] = before[k] + (side ? little : -little) * way[k];
            ends[side] = loss(c);
        }
        std::copy(before.begin(), before.end(), x.begin());
        const double seen = (ends[1] - ends[0]) / (2 * little);
        expect(std::abs(seen - slope) <= 1e-6 * size,
               on.name() + ": slope by " + x.name + " is " + std::to_string(seen) + ", not " + std::to_string(slope));
    }
}

// A layer that was opened, step by step in its own memory, against a scan of u = W x + b.
template <class Real>
void check_steps(Options on, bool with_bias, int64_t threads, int64_t split) {
    on.lengths = on.slots = on.reset = on.fresh = on.reverse = false;
    on.zh = std::min(on.zh, 1), on.zc = std::min(on.zc, 1);
    Case<Real> c(on);
    const int64_t D = 1 + below(9), G = c.G;
    const auto draw = [](const char* name, int64_t count) {
        Array<Real> a(name, count);
        for (Real& x : a) x = static_cast<Real>(normal() / 2);
        return a;
    };
    const Array<Real> W = draw("W", G * D), b = draw("b", G), gain = draw("gain", G), shift = draw("shift", G);
    const Array<Real> x = draw("x", c.T * c.B * D);
    for (int64_t at = 0; at < c.T * c.B; ++at) {
        std::vector<double> u(static_cast<size_t>(G));
        double mean = 0, square = 0;
        for (size_t k = 0; k < u.size(); ++k) {
            for (int64_t d = 0; d < D; ++d)
                u[k] += static_cast<double>(W[static_cast<int64_t>(k) * D + d]) * x[at * D + d];
            mean += u[k] / static_cast<double>(G);
        }
        for (double one : u) square += (one - mean) * (one - mean) / static_cast<double>(G);
        for (int64_t k = 0; k < G; ++k) {
            double one = u[static_cast<size_t>(k)];
            if (on.norm) one = (one - mean) / std::sqrt(square + 1e-5) * gain[k] + shift[k];
            find(c.in, "u")->begin()[at * G + k] = static_cast<Real>(with_bias ? one + b[k] : one);
        }
    }
    const Arrays<Real> usual = c.forward(false);
    Array<Real> h("h", c.B * c.S), memory("c", c.B * c.H), y("y", c.B * c.S);
    std::copy(c.s.h0, c.s.h0 + h.count, h.begin());
    if (c.two) std::copy(c.s.c0, c.s.c0 + memory.count, memory.begin());
    Scan<Real> s = c.s;
    s.T = 1, s.threads = threads, s.split = split, s.u = nullptr, s.y = nullptr;
    s.h0 = s.h_n = h.begin();
    if (c.two) s.c0 = s.c_n = memory.begin();
    const Share<Real> share{D, W.begin(), with_bias ? b.begin() : nullptr, on.norm ? gain.begin() : nullptr,
                            on.norm ? shift.begin() : nullptr};
    void* opened = doors<Real>.open(s, share);
    for (int64_t t = 0; t < c.T; ++t) {
        const Array<Real> x_t("x_t", c.B * D);
        std::copy(x.begin() + t * x_t.count, x.begin() + (t + 1) * x_t.count, x_t.begin());
        doors<Real>.step(opened, x_t.begin(), y.begin());
        expect(near(y.begin(), usual[0].begin() + t * y.count, y.count), on.name() + ": a step is not the scan's");
    }
    doors<Real>.close(opened);
    expect(near(h.begin(), find(usual, "h_n")->begin(), h.count), on.name() + ": h after the steps");
    if (!c.two) return;
    expect(near(memory.begin(), find(usual, "c_n")->begin(), memory.count), on.name() + ": c after the steps");
}

template <class Real>
void check_product(int64_t n, int64_t depth, int64_t columns) {
    const int64_t count = panels<Real>(columns), wide = count * panel<Real>, from = count > 2 ? 1 : 0;
    Array<Real> W("W", depth * columns), turned("turned", depth * columns);
    Array<Real> packed("packed", depth * wide), packed_turned("packed", depth * wide);
    for (int64_t k = 0; k < depth; ++k)
        for (int64_t j = 0; j < columns; ++j) turned[j * depth + k] = W[k * columns + j] = static_cast<Real>(normal());
    pack<Real>(W.begin(), depth, columns, 0, count, packed.begin());
    pack_transposed<Real>(turned.begin(), depth, columns, 1, 0, count, packed_turned.begin());
    expect(std::equal(packed.begin(), packed.end(), packed_turned.begin()), "the two packings differ");
    Arrays<Real> rows, blocked, plain;
    std::vector<const Real*> in;
    std::vector<Real*> to, to_plain;
    for (int64_t r = 0; r < n; ++r) {
        for (Real& x : rows.emplace_back("row", depth)) x = static_cast<Real>(normal());
        in.push_back(rows.back().begin());
        to.push_back(blocked.emplace_back("blocked", wide).begin());
        to_plain.push_back(plain.emplace_back("plain", wide).begin());
    }
    product<Real>(in.data(), n, depth, packed.begin(), from, count, to.data());
    plain_product<Real>(in.data(), n, depth, packed.begin(), from, count, to_plain.data());
    for (size_t r = 0; r < to.size(); ++r) {
        const int64_t first = from * panel<Real>;
        expect(near(to[r] + first, to_plain[r] + first, wide - first), "product of " + std::to_string(n) + " rows");
        for (int64_t j = 0; j < first; ++j) expect(std::isnan(to[r][j]), "product outside of its panels");
        for (int64_t j = first; j < wide; ++j) {
            Real total = 0;
            for (int64_t k = 0; k < depth && j < columns; ++k) total += in[r][k] * W[k * columns + j];
            expect(near(&to[r][j], &total, 1), "a product of packed numbers is not that of the matrix");
        }
    }
}

void check_meeting(int threads) {
    Meeting meeting;
    std::atomic<int> came{0}, wrong{0};
    in_threads(threads, [&](int, int size) {
        for (int round = 1; round <= 200; ++round) {
            ++came;
            meeting.of(size);
            if (came != round * size) ++wrong;
            meeting.of(size);
        }
    });
    expect(wrong == 0, "threads did not wait for each other");
}

Options random_options() {
    Options on;
    const auto coin = [] { return below(2) == 0; };
    static const int64_t sizes[] = {1, 2, 3, 5, 8, 16, 17, 33};
    on.cell = std::max<int64_t>(0, below(6) - 2);
    on.T = below(6), on.B = below(9), on.H = on.S = sizes[below(8)];
    on.reverse = coin(), on.norm = coin() && on.H > 1, on.mask = coin(), on.lengths = coin(), on.reset = coin();
    on.fresh = on.reset && coin(), on.trace = coin(), on.slots = on.lengths && !on.trace && coin();
    on.mute = below(8) == 0, on.zh = static_cast<int>(below(3));
    on.bias = on.cell == gru && coin();
    if (on.cell != lstm) return on;
    on.coupled = coin(), on.peephole = coin(), on.norm_c = on.norm && coin(), on.clip = coin();
    on.zc = static_cast<int>(below(3));
    if (coin()) on.S = 1 + below(on.H);
    return on;
}

}  // namespace

int main() {
    for (int64_t n = 0; n <= 14; ++n)
        for (int64_t depth : {1, 3, 17, 800})
            for (int64_t columns : {1, 5, 33, 70})
                check_product<float>(n, depth, columns), check_product<double>(n, depth, columns);
    for (int threads : {1, 2, 3}) check_meeting(threads);
    std::vector<Options> all;
    for (int64_t cell : {lstm, gru, rnn_tanh, rnn_relu}) {
        Options plain;
        plain.cell = cell;
        all.push_back(plain);
        for (bool Options::*flag : {&Options::reverse, &Options::norm, &Options::mask, &Options::lengths,
                                    &Options::reset, &Options::trace, &Options::mute})
            all.push_back(plain), all.back().*flag = true;
        for (int z : {1, 2}) all.push_back(plain), all.back().zh = z;
        for (bool reverse : {false, true})
            all.push_back(plain), all.back().lengths = all.back().slots = true, all.back().reverse = reverse;
    }
    for (bool Options::*flag : {&Options::coupled, &Options::peephole, &Options::norm_c, &Options::clip})
        all.emplace_back().*flag = true;
    all.emplace_back().S = 3;
    for (int k = 0; k < 60; ++k) all.push_back(random_options());
    for (const Options& on : all) {
        check_ways<double>(on), check_ways<float>(on), check_slopes(on);
        check_steps<double>(on, below(2), 1 + below(3), 1 + below(2)), check_steps<float>(on, below(2), 1, by_cost);
    }
    std::printf("%zu cases of %d bytes, %d wrong\n", all.size(), GATEWORK_BYTES, failures);
    return failures > 0;
}
