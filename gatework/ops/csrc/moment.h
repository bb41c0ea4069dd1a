// What every cell needs at one moment of one row: where its memory lies, and the scratch of the whole call.
#pragma once

#include <cstdlib>

#include "activations.h"
#include "contract.h"
#include "product.h"

namespace {

// Where a memory comes from: the step before, what the caller gave, or what a reset puts in its place.
enum class Origin { carried, given, fresh };

template <class Real>
struct Row {
    int64_t b, at, slot;  // its place in (B), in (T * B), and among all that live (contract.h, slots)
    const Real *h, *c;    // the memory before this step, (S) and (H)
    Origin origin;
    Real mean, scale;     // of R h, where it is normalised; later of c
};

// Memory that starts at a line of the cache. Null, and `ran_out`, where there is none.
template <class Real>
class Room {
  public:
    // What is in it is left to chance.
    void make(int64_t count, bool& ran_out) {
        const size_t bytes = (static_cast<size_t>(count) * sizeof(Real) + 127) / 64 * 64;
        std::free(memory_);
        memory_ = static_cast<Real*>(std::aligned_alloc(64, bytes));
        if (!memory_) ran_out = true;
    }

    void make_zero(int64_t count, bool& ran_out) {
        make(count, ran_out);
        if (memory_) std::memset(static_cast<void*>(memory_), 0, static_cast<size_t>(count) * sizeof(Real));
    }

    operator Real*() const { return memory_; }

    Room() = default;
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room() { std::free(memory_); }

  private:
    Real* memory_ = nullptr;
};

// Sums over all steps and rows, for the gradients of weights that every row shares; one of these a thread.
template <class Real>
struct Sums {
    Real *p, *norm_weight, *norm_bias, *norm_c_weight, *norm_c_bias, *b;
};

// Everything that lives from step to step, or within one; rows of Hp, Sp or K * Hp numbers, whole panels each.
template <class Real>
struct Scratch {
    int64_t Hp, Sp, G;
    Room<Real> R, P;        // packed; R null where one step of few rows takes it as it lies
    Room<Real> zeros;       // (max(Hp, Sp)) what a reset leaves
    Room<Real> a;           // (B, K * Hp) R h: panels of each gate side by side
    Room<Real> masked;      // (B, S) h * m
    Room<Real> c, o;        // (B, Hp) the new c and its output gate, where more is done before h; in backward of them
    Room<Real> q;           // (B, Hp) o * tanh(c): what P multiplies; in backward its gradient
    Room<Real> dh, dc;      // (B, Sp), (B, Hp) what flows back from the step after
    Room<Real> back;        // (B, Sp) what flows back through R
    Room<Real> hat;         // (B, Hp) c normalised
    Room<Real> sums;        // a Sums a thread
    Room<Row<Real>> rows;   // (B) a thread: those that live, and where a product of theirs reads and writes
    Room<const Real*> from;
    Room<Real*> to;
    bool ran_out = false;
};

template <class Real>
void fill(Real* to, int64_t count) {
    std::memset(to, 0, static_cast<size_t>(count) * sizeof(Real));
}

template <class Real>
void copy(const Real* from, int64_t count, Real* to) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(Real));
}

// Calls each(j, n) for the units of panels [from, to): `n` of them from unit j on. n is a constant where a register is full.
template <class Real, class Each>
void units(int64_t from, int64_t to, int64_t width, const Each& each) {
    constexpr int64_t V = lanes<Real>;
    int64_t j = from * panel<Real>;
    const int64_t end = to * panel<Real> < width ? to * panel<Real> : width;
    for (; j + V <= end; j += V) each(j, std::integral_constant<int64_t, V>{});
    if (j < end) each(j, end - j);
}

// Unit j of one kind of gate in a row of packed panels.
template <class Real>
int64_t place(int64_t j, int64_t kind, int64_t kinds) {
    return (j / panel<Real> * kinds + kind) * panel<Real> + j % panel<Real>;
}

// zoneout: the share of what was that stays.
template <class Real, class N>
Vec<Real> kept(const Real* z, int64_t is_one, int64_t at, N n) {
    return is_one ? all(*z) : load(z + at, n);
}

}  // namespace
