// A layer for the kernel's own test: a Scan, and arrays of exactly the size that contract.h gives them.
#pragma once

#include "step.h"

#include <cmath>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

namespace {

std::mt19937_64 bits{7};

double normal() { return std::normal_distribution<double>{}(bits); }
int64_t below(int64_t n) { return static_cast<int64_t>(bits() % static_cast<uint64_t>(n)); }

// Exactly `count` numbers. NaN until written.
template <class T>
struct Array {
    std::string name;
    int64_t count;
    std::unique_ptr<T[]> memory{new T[static_cast<size_t>(count)]};

    Array(std::string name, int64_t count) : name(std::move(name)), count(count) {
        std::fill(begin(), end(), std::numeric_limits<T>::quiet_NaN());
    }
    T* begin() const { return memory.get(); }
    T* end() const { return memory.get() + count; }
    T& operator[](int64_t k) const { return memory[static_cast<size_t>(k)]; }
};

template <class Real>
using Arrays = std::vector<Array<Real>>;

template <class Real>
const Array<Real>* find(const Arrays<Real>& all, const std::string& name) {
    for (const Array<Real>& a : all)
        if (a.name == name) return &a;
    return nullptr;
}

// What is on. Of zoneout's shares: 0 none, 1 one number, 2 an array.
struct Options {
    int64_t cell = lstm, T = 4, B = 3, H = 5, S = 5;
    bool coupled = false, reverse = false, peephole = false, norm = false, norm_c = false, bias = false, mask = false,
         lengths = false, slots = false, reset = false, fresh = false, trace = false, mute = false, clip = false;
    int zh = 0, zc = 0;

    std::string name() const {
        std::string text;
        for (int64_t n : {cell, T, B, H, S}) text += std::to_string(n) + " ";
        const auto add = [&](bool on, const char* what) { text += on ? std::string(what) + " " : ""; };
        add(coupled, "coupled"), add(reverse, "reverse"), add(peephole, "peephole"), add(norm, "norm");
        add(norm_c, "norm_c"), add(bias, "bias"), add(mask, "mask"), add(lengths, "lengths");
        add(slots, "slots"), add(reset, "reset");
        add(fresh, "fresh"), add(trace, "trace"), add(mute, "mute"), add(clip, "clip");
        return text + "zh " + std::to_string(zh) + " zc " + std::to_string(zc);
    }
};

// A Scan, all that goes in, and the gradients that come from outside.
template <class Real>
struct Case {
    Options on;
    Scan<Real> s;
    Arrays<Real> in, cotangents;
    std::unique_ptr<int64_t[]> lengths, slots;
    std::unique_ptr<uint8_t[]> reset;
    int64_t T, B, H, S, K, G;
    int64_t N;  // what lives, with slots; else T * B
    bool two, projects;  // memories

    explicit Case(const Options& o) : on(o), T(o.T), B(o.B), H(o.H), S(o.S) {
        two = o.cell == lstm, projects = S < H;
        K = o.cell == gru || o.coupled ? 3 : two ? 4 : 1, G = K * H, N = T * B;
        s.T = T, s.B = B, s.H = H, s.S = S, s.K = K, s.cell = o.cell;
        s.coupled = o.coupled, s.reverse = o.reverse, s.clip = o.clip ? 0.5 : 0;
        if (o.lengths) {
            s.lengths = (lengths = std::make_unique<int64_t[]>(static_cast<size_t>(B))).get();
            for (int64_t b = 0; b < B; ++b) lengths[static_cast<size_t>(b)] = below(T + 1);
        }
        if (o.slots) take_slots();
        const auto give = [&](const char* name, auto at, bool there, int64_t count, double size, double mean = 0) {
            if (!there) return;
            for (Real& x : in.emplace_back(name, count)) x = static_cast<Real>(mean + size * normal());
            s.*at = in.back().begin();
        };
        using Z = Scan<Real>;
        // Small weights and gains, or the recurrence would blow roundings up.
        const double by_S = 1 / std::sqrt(static_cast<double>(S)), by_H = 1 / std::sqrt(static_cast<double>(H));
        give("u", &Z::u, true, N * G, 1);
        give("R", &Z::R, true, G * S, by_S), give("P", &Z::P, projects, S * H, by_H);
        give("h0", &Z::h0, true, B * S, 1), give("c0", &Z::c0, two, B * H, 1), give("b", &Z::b, o.bias, H, 1);
        give("p", &Z::p, o.peephole, (K - 1) * H, 0.5);
        give("norm_weight", &Z::norm_weight, o.norm, G, 0.2, 0.5), give("norm_bias", &Z::norm_bias, o.norm, G, 0.5);
        give("norm_c_weight", &Z::norm_c_weight, o.norm_c, H, 0.2, 0.5);
        give("norm_c_bias", &Z::norm_c_bias, o.norm_c, H, 0.5);
        give("fresh_h", &Z::fresh_h, o.fresh, B * S, 1), give("fresh_c", &Z::fresh_c, o.fresh && two, B * H, 1);
        give("m", &Z::m, o.mask, B * S, 0.3, 1);
        give("zh", &Z::zh, o.zh, o.zh == 1 ? 1 : T * B * S, 0.1, 0.4);
        give("zc", &Z::zc, o.zc, o.zc == 1 ? 1 : T * B * H, 0.1, 0.4);
        s.zh_is_one = o.zh == 1, s.zc_is_one = o.zc == 1;
        if (o.reset) {
            s.reset = (reset = std::make_unique<uint8_t[]>(static_cast<size_t>(T * B))).get();
            for (int64_t k = 0; k < T * B; ++k) reset[static_cast<size_t>(k)] = below(3) == 0;
        }
        const auto pull = [&](const char* name, auto at, bool there, int64_t count) {
            if (!there || o.mute) return;
            for (Real& x : cotangents.emplace_back(name, count)) x = static_cast<Real>(normal());
            s.*at = cotangents.back().begin();
        };
        pull("y", &Z::dy, true, T * B * S), pull("h_n", &Z::dh_n, true, B * S), pull("c_n", &Z::dc_n, two, B * H);
        pull("gates", &Z::dgates, o.trace, T * B * G), pull("cells", &Z::dcells, o.trace && two, T * B * H);
    }

    bool lives(int64_t t, int64_t b) const { return !lengths || t < lengths[static_cast<size_t>(b)]; }

    // A place for each (t, b) that lives, in any order; one far outside for each that does not.
    void take_slots() {
        s.slots = (slots = std::make_unique<int64_t[]>(static_cast<size_t>(T * B))).get();
        std::vector<int64_t> free;
        for (int64_t at = 0; at < T * B; ++at)
            if (lives(at / B, at % B)) free.push_back(static_cast<int64_t>(free.size()));
        N = static_cast<int64_t>(free.size());
        std::shuffle(free.begin(), free.end(), bits);
        for (int64_t at = 0; at < T * B; ++at) {
            const bool here = lives(at / B, at % B);
            slots[static_cast<size_t>(at)] = here ? free.back() : int64_t(1) << 40;
            if (here) free.pop_back();
        }
    }

    auto room(Arrays<Real>& all) {
        return [&](const char* name, auto at, bool there, int64_t count) {
            s.*at = there ? all.emplace_back(name, count).begin() : nullptr;
        };
    }

    Arrays<Real> forward(bool keep) {
        Arrays<Real> all;
        const auto out = room(all);
        using Z = Scan<Real>;
        out("y", &Z::y, true, T * B * S), out("h_n", &Z::h_n, true, B * S), out("c_n", &Z::c_n, two, B * H);
        out("gates", &Z::gates, keep, N * G), out("cells", &Z::cells, keep && two, N * H);
        out("inner", &Z::inner, keep && on.cell == gru, N * H);
        out("normed", &Z::normed, keep && on.norm, N * G), out("scale", &Z::scale, keep && on.norm, N);
        out("stats_c", &Z::stats_c, keep && on.norm_c, N * 2);
        if (!doors<Real>.forward(s)) throw std::bad_alloc();
        return all;
    }

    Arrays<Real> backward() {
        Arrays<Real> all;
        const auto out = room(all);
        using Z = Scan<Real>;
        out("u", &Z::du, true, N * G);
        if (on.cell == gru || on.norm)
            out("da", &Z::da, true, N * G);
        else
            s.da = s.du;
        out("seen", &Z::seen, !on.mute, N * S), out("h0", &Z::dh0, true, B * S), out("c0", &Z::dc0, two, B * H);
        out("fresh_h", &Z::dfresh_h, on.fresh, B * S), out("fresh_c", &Z::dfresh_c, on.fresh && two, B * H);
        out("b", &Z::db, on.bias, H), out("p", &Z::dp, on.peephole, (K - 1) * H);
        out("norm_weight", &Z::dnorm_weight, on.norm, G), out("norm_bias", &Z::dnorm_bias, on.norm, G);
        out("norm_c_weight", &Z::dnorm_c_weight, on.norm_c, H), out("norm_c_bias", &Z::dnorm_c_bias, on.norm_c, H);
        out("projected", &Z::projected, projects, N * H), out("dprojected", &Z::dprojected, projects, N * S);
        if (!doors<Real>.backward(s)) throw std::bad_alloc();
        // The caller's own products.
        const auto times = [&](const char* name, const Real* left, int64_t rows, const Real* right, int64_t columns) {
            Array<Real>& to = all.emplace_back(name, rows * columns);
            std::fill(to.begin(), to.end(), Real(0));
            for (int64_t at = 0; at < N; ++at)
                for (int64_t r = 0; r < rows; ++r)
                    for (int64_t c = 0; c < columns; ++c)
                        to[r * columns + c] += left[at * rows + r] * right[at * columns + c];
        };
        if (s.seen) times("R", s.da, G, s.seen, S);
        if (projects) times("P", s.dprojected, S, s.projected, H);
        return all;
    }
};

}  // namespace
