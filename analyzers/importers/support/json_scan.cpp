#include "analyzers/importers/support/json_scan.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace casebook {
namespace {

/// One bit per byte of a 64-byte block.
struct ByteMasks {
    std::uint64_t quote, backslash, open, close, brace, newline;
};

/// Bytes of a word equal to `byte`, as 0x80 in that byte (exact, without carries between bytes).
inline std::uint64_t equal_bytes(std::uint64_t word, unsigned char byte)
{
    constexpr std::uint64_t low7 = 0x7f7f7f7f7f7f7f7fULL;
    const std::uint64_t difference = word ^ (0x0101010101010101ULL * byte);
    return ~(((difference & low7) + low7) | difference | low7);
}

/// Gathers the top bit of each byte into 8 bits.
inline std::uint64_t gather_bits(std::uint64_t high_bits)
{
    return (high_bits >> 7) * 0x0102040810204080ULL >> 56;
}

inline ByteMasks load_plain(const char* block)
{
    ByteMasks m{};
    for (int i = 0; i < 8; ++i) {
        std::uint64_t word = 0;
        if constexpr (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
            std::memcpy(&word, block + i * 8, 8);
        } else {
            for (int j = 7; j >= 0; --j) word = word << 8 | static_cast<unsigned char>(block[i * 8 + j]);
        }
        const std::uint64_t folded = word | 0x2020202020202020ULL;  // '[' -> '{', ']' -> '}'
        const int shift = i * 8;
        m.quote |= gather_bits(equal_bytes(word, '"')) << shift;
        m.backslash |= gather_bits(equal_bytes(word, '\\')) << shift;
        m.open |= gather_bits(equal_bytes(folded, '{')) << shift;
        m.close |= gather_bits(equal_bytes(folded, '}')) << shift;
        m.brace |= gather_bits(equal_bytes(word, '{')) << shift;
        m.newline |= gather_bits(equal_bytes(word, '\n')) << shift;
    }
    return m;
}

#if defined(__x86_64__)

inline std::uint64_t equal_sse2(const __m128i (&v)[4], char byte)
{
    const __m128i wanted = _mm_set1_epi8(byte);
    std::uint64_t mask = 0;
    for (int i = 0; i < 4; ++i)
        mask |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], wanted))))
                << (16 * i);
    return mask;
}

inline ByteMasks load_sse2(const char* block)
{
    __m128i v[4];
    __m128i folded[4];
    const __m128i fold = _mm_set1_epi8(0x20);
    for (int i = 0; i < 4; ++i) {
        v[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i);
        folded[i] = _mm_or_si128(v[i], fold);
    }
    return {equal_sse2(v, '"'), equal_sse2(v, '\\'), equal_sse2(folded, '{'), equal_sse2(folded, '}'),
            equal_sse2(v, '{'), equal_sse2(v, '\n')};
}

#define TARGET_AVX2 __attribute__((target("avx2,popcnt,bmi")))

TARGET_AVX2 inline std::uint64_t equal_avx2(__m256i low, __m256i high, char byte)
{
    const __m256i wanted = _mm256_set1_epi8(byte);
    const auto a = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)));
    const auto b = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)));
    return static_cast<std::uint64_t>(b) << 32 | a;
}

TARGET_AVX2 inline ByteMasks load_avx2(const char* block)
{
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block) + 1);
    const __m256i fold = _mm256_set1_epi8(0x20);
    const __m256i low_folded = _mm256_or_si256(low, fold);
    const __m256i high_folded = _mm256_or_si256(high, fold);
    return {equal_avx2(low, high, '"'), equal_avx2(low, high, '\\'), equal_avx2(low_folded, high_folded, '{'),
            equal_avx2(low_folded, high_folded, '}'), equal_avx2(low, high, '{'), equal_avx2(low, high, '\n')};
}

#endif

}  // namespace

namespace detail {

#define KERNEL_NAME scan_json_plain
#define KERNEL_TARGET
#define KERNEL_LOAD load_plain
#include "analyzers/importers/support/json_scan_kernel.inc"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_LOAD

#if defined(__x86_64__)

#define KERNEL_NAME scan_json_sse2
#define KERNEL_TARGET
#define KERNEL_LOAD load_sse2
#include "analyzers/importers/support/json_scan_kernel.inc"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_LOAD

#define KERNEL_NAME scan_json_avx2
#define KERNEL_TARGET TARGET_AVX2
#define KERNEL_LOAD load_avx2
#include "analyzers/importers/support/json_scan_kernel.inc"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_LOAD

bool have_avx2()
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi");
}

#endif

}  // namespace detail

ScanResult scan_json(std::string_view piece, JsonScan& scan, bool stop_at_new_line)
{
#if defined(__x86_64__)
    static const bool avx2 = detail::have_avx2();
    if (avx2) return detail::scan_json_avx2(piece, scan, stop_at_new_line);
    return detail::scan_json_sse2(piece, scan, stop_at_new_line);
#else
    return detail::scan_json_plain(piece, scan, stop_at_new_line);
#endif
}

}  // namespace casebook
