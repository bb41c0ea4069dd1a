// A layer that takes one step at a time: room made and weights packed once, and the input's product done here too.
#pragma once

#include <new>

#include "kernel.h"

namespace {

template <class Real>
struct Opened {
    Scan<Real> s;
    Share<Real> share;
    int64_t threads;
    Scratch<Real> w;
    Room<Real> W;   // packed
    Room<Real> wx;  // (B, K * Hp) W x: panels of each gate side by side
    Room<Real> u;   // (B, G)
    Meeting meeting;
};

template <class Real>
void close(void* opened) {
    delete static_cast<Opened<Real>*>(opened);
}

template <class Real>
void* open(const Scan<Real>& s, const Share<Real>& share) {
    auto* o = new (std::nothrow) Opened<Real>{s, share, worth(s), {}, {}, {}, {}, {}};
    if (!o) return nullptr;
    Scratch<Real>& w = o->w;
    furnish(s, w, false, true, o->threads);
    o->W.make(share.D * s.K * w.Hp, w.ran_out);
    o->wx.make(s.B * s.K * w.Hp, w.ran_out);
    o->u.make(s.B * w.G, w.ran_out);
    if (w.ran_out) {
        close<Real>(o);
        return nullptr;
    }
    pack_forward(s, w, 0, 1);
    pack_transposed<Real>(share.W, share.D, s.H, s.K, 0, panels<Real>(s.H), o->W);
    o->s.u = o->u;
    return o;
}

// u of the part's own units, which is all that they want of it.
template <class Real>
void take_in(Opened<Real>& o, Hand<Real>& hand, const Real* x) {
    const Scan<Real>& s = o.s;
    const Part& part = hand.part;
    for (int64_t b = part.b; b < part.b_end; ++b) hand.rows[hand.living++] = {b, b, b, x + b * o.share.D, nullptr, Origin::given, 0, 1};
    hand.multiply(
        o.share.D, o.W, part.k * s.K, part.k_end * s.K, [](auto& r) { return r.h; },
        [&](auto& r) { return o.wx + r.b * s.K * o.w.Hp; });
    if (o.share.norm_weight) hand.meet();
    for (Row<Real>& r : hand) {
        const Real* wx = o.wx + r.b * s.K * o.w.Hp;
        if (o.share.norm_weight) stats<Real>(wx, s.K, s.H, r.mean, r.scale);
        for (int64_t kind = 0; kind < s.K; ++kind)
            units<Real>(part.k, part.k_end, s.H, [&](int64_t j, auto n) {
                const int64_t k = kind * s.H + j;
                Vec<Real> u = load(wx + place<Real>(j, kind, s.K), n);
                if (o.share.norm_weight)
                    u = (u - r.mean) * r.scale * load(o.share.norm_weight + k, n) + load(o.share.norm_bias + k, n);
                if (o.share.b) u += load(o.share.b + k, n);
                store(o.u + r.b * o.w.G + k, u, n);
            });
    }
    hand.living = 0;
}

template <class Real>
void step(void* opened, const Real* x, Real* y) {
    Opened<Real>& o = *static_cast<Opened<Real>*>(opened);
    o.s.y = y;
    in_threads(o.threads, [&](int rank, int size) {
        const int64_t mine = rank * o.s.B;
        Hand<Real> hand{o.s, o.w, part(o.s, rank, size), o.meeting, {}, o.w.rows + mine, o.w.from + mine, o.w.to + mine};
        take_in(o, hand, x);
        if (o.s.cell == lstm)
            forward<Lstm<Real>, Real>(hand);
        else if (o.s.cell == gru)
            forward<Gru<Real>, Real>(hand);
        else
            forward<Rnn<Real>, Real>(hand);
    });
}

template <class Real>
constexpr Doors<Real> doors{run<Real, false>, run<Real, true>, open<Real>, step<Real>, close<Real>};

}  // namespace
