"""Prints the first numbers of xoshiro256++ seeded by SplitMix64, for Tests/SpudInferenceTests/RandomGolden.swift.

Written from the papers' definitions, apart from the Swift code: run `python3 Scripts/goldens/random_generator.py`.
"""

MASK = 2**64 - 1


def splitmix64(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def xoshiro256pp(seed):
    words = splitmix64(seed)
    s = [next(words) for _ in range(4)]

    def rotl(x, k):
        return ((x << k) | (x >> (64 - k))) & MASK

    while True:
        yield (rotl((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)


print("/// Written by Scripts/goldens/random_generator.py; do not edit.")
print("enum RandomGolden {")
for seed in (0, 42):
    numbers = xoshiro256pp(seed)
    values = ", ".join(f"0x{next(numbers):016X}" for _ in range(4))
    print(f"  static let seed{seed}: [UInt64] = [\n    {values},\n  ]")
print("}")
