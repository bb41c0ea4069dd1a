// How many units in the last place exp, sigmoid and tanh are off, at worst: over all floats when called with `all`
// (some minutes), else over a sample; and over random doubles. Exits with 1 where that is more than it may be.
#include "activations.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>

namespace {

// Where each product is rounded, as without a fused multiply-add, tanh of a double can be a little more than 2 off.
#ifdef __FMA__
template <class Real>
constexpr double allowed = 2;
#else
template <class Real>
constexpr double allowed = sizeof(Real) == 4 ? 2 : 2.5;
#endif

template <class Real>
struct Worst {
    const char* name;
    double ulps = 0;
    Real at = 0;

    // Truth comes with more digits than Real has. What is rounded as well as can be is not measured.
    template <class Wide>
    void look(Real x, Real got, Wide truth) {
        if (Real(truth) == got || (std::isnan(truth) && std::isnan(got))) return;
        using Limits = std::numeric_limits<Real>;
        int exponent;
        std::frexp(truth, &exponent);
        const int unit = std::max(exponent, Limits::min_exponent) - Limits::digits;
        const double off = double(std::abs(std::ldexp(Wide(got) - truth, -unit)));
        if (!(off <= ulps)) ulps = off, at = x;  // NaN is worst
    }

    bool report() const {
        const char* type = sizeof(Real) == 4 ? "float" : "double";
        std::printf("%-6s %d bytes %-7s: %.3f ulp at most, at %.9g\n", type, GATEWORK_BYTES, name, ulps, double(at));
        return ulps <= allowed<Real>;
    }
};

template <class Real>
struct Check {
    Worst<Real> e{"exp"}, s{"sigmoid"}, t{"tanh"};
    long wrong_sign = 0;

    template <class Wide>
    void look(const Real* x) {
        const Vec<Real> v = load(x), ev = exp(v), sv = sigmoid(v), tv = tanh(v);
        for (int k = 0; k < lanes<Real>; ++k) {
            const Wide wide = x[k], small = std::abs(wide);
            // What libm need not be asked for is not: most floats are tiny or huge.
            const Wide grown = small < 1e-20 ? 1 + wide : std::exp(wide);
            e.look(x[k], ev[k], grown);
            s.look(x[k], sv[k], grown > 1 ? 1 / (1 + 1 / grown) : grown / (1 + grown));
            t.look(x[k], tv[k], small < 1e-10 ? wide : std::tanh(wide));
            wrong_sign += !std::isnan(x[k]) && std::signbit(Real(tv[k])) != std::signbit(x[k]);
        }
    }

    bool report() const {
        const bool a = e.report(), b = s.report(), c = t.report();
        if (wrong_sign) std::printf("tanh has the wrong sign %ld times\n", wrong_sign);
        return a && b && c && !wrong_sign;
    }
};

bool floats(uint64_t stride) {
    Check<float> check;
    float x[lanes<float>];
    constexpr float endless = std::numeric_limits<float>::infinity();
    constexpr float least = std::numeric_limits<float>::denorm_min();
    const float special[] = {0, -0.0f,  least,  -least, endless, -endless,   NAN,  -NAN,
                             1, 88.72f, 88.73f, -87.4f, -100, -103.9f, -104, 1e-38f};
    for (float one : special) {
        for (float& lane : x) lane = one;
        check.look<double>(x);
    }
    for (uint64_t bits = 0; bits < uint64_t(1) << 32;) {
        for (float& one : x) {
            const uint32_t pattern = uint32_t(bits);
            std::memcpy(&one, &pattern, sizeof one);
            bits += stride;
        }
        check.look<double>(x);
    }
    return check.report();
}

bool doubles(long many) {
    Check<double> check;
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> near(-40, 40), far(-760, 760);
    constexpr double endless = std::numeric_limits<double>::infinity();
    constexpr double least = std::numeric_limits<double>::denorm_min();
    const double special[] = {0,      -0.0,    least,  -least, endless, -endless,  NAN,
                              1e-300, -1e-300, 709.78, 709.79, -745.1, -745.2, 1e308};
    double x[lanes<double>];
    for (double one : special) {
        for (double& lane : x) lane = one;
        check.look<long double>(x);
    }
    for (long k = 0; k < many; k += lanes<double>) {
        const long kind = k / lanes<double> % 4;
        for (double& one : x) {
            const uint64_t bits = random();
            std::memcpy(&one, &bits, sizeof one);
            if (kind == 1) one = near(random);
            if (kind == 2) one = far(random);
            if (kind == 3) one = std::ldexp(near(random), -int(bits % 16));
        }
        check.look<long double>(x);
    }
    return check.report();
}

}  // namespace

int main(int count, char** words) {
    const bool every = count > 1 && !std::strcmp(words[1], "all");
    // 4,099 is prime: every exponent is met, with ever other digits.
    const bool right = floats(every ? 1 : 4099);
    return doubles(every ? 10000000 : 400000) && right ? 0 : 1;
}
