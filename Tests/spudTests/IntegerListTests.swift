import Testing

@testable import spud

@Suite("Lists of numbers on the command line")
struct IntegerListTests {
  @Test(
    "lists, ranges, steps and factors",
    arguments: [
      ("512", [512]), ("0", [0]), ("1,2,4", [1, 2, 4]), ("1-4", [1, 2, 3, 4]), ("128-512+128", [128, 256, 384, 512]),
      ("1-16*2", [1, 2, 4, 8, 16]), ("1,1-3", [1, 2, 3]), ("1-10*3,7", [1, 3, 9, 7]),
    ] as [(String, [Int])])
  func accepted(text: String, expected: [Int]) {
    #expect(IntegerList(argument: text)?.values == expected)
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", ",", "1,", "-1", "+1", "a", "1-", "-", "4-1", "1-4+0", "1-8*1", "0-8*2", "1-1000000", "99999999999999999999",
      "1e3", "1-2-3", "１",
    ])
  func refused(text: String) {
    #expect(IntegerList(argument: text) == nil)
  }
}
