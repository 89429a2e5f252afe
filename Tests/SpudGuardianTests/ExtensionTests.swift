internal import SpudGuardian
internal import Testing

@Suite("Cedar's extension types")
struct ExtensionTests {
  @Test("decimals: four places, both sides of the point, 64 bits")
  func decimals() {
    #expect(FixedDecimal(parsing: "-12.34")?.tenThousandths == -123_400)
    #expect(FixedDecimal(parsing: "-0.0001")?.tenThousandths == -1)
    #expect(FixedDecimal(parsing: "-922337203685477.5808")?.tenThousandths == .min)
    for text in ["", "1", ".5", "1.", "1.23456", "+1.0", "1.0 ", "1e1", "--1.0", "922337203685477.5808", "١.٠"] {
      #expect(FixedDecimal(parsing: text) == nil, "\(text)")
    }
  }

  @Test("durations: days to milliseconds, in this order")
  func durations() {
    #expect(TimeSpan(parsing: "1d2h3m4s5ms")?.milliseconds == 93_784_005)
    #expect(TimeSpan(parsing: "-90s")?.milliseconds == -90_000)
    #expect(TimeSpan(parsing: "-9223372036854775808ms")?.milliseconds == .min)
    for text in ["", "-", "1", "d", "1h1d", "1d1d", "1.5h", "+1d", "1D", "9223372036854775808ms", "106751991168d"] {
      #expect(TimeSpan(parsing: text) == nil, "\(text)")
    }
  }

  @Test("datetimes: days that exist, times with a zone")
  func datetimes() {
    #expect(Datetime(parsing: "1970-01-01")?.milliseconds == 0)
    #expect(Datetime(parsing: "2024-02-29T12:00:00.250Z")?.milliseconds == 1_709_208_000_250)
    #expect(Datetime(parsing: "2024-02-29T12:00:00+0130")?.milliseconds == 1_709_202_600_000)
    #expect(Datetime(parsing: "0000-01-01")?.milliseconds == -62_167_219_200_000)
    #expect(Datetime(parsing: "9999-12-31")?.milliseconds == 253_402_214_400_000)
    #expect(Datetime(milliseconds: -1).timeOfDay.milliseconds == 86_399_999)
    #expect(Datetime(milliseconds: -1).date?.milliseconds == -86_400_000)
    #expect(Datetime(milliseconds: .min).date == nil)
    for text in [
      "2023-02-29", "2024-13-01", "2024-00-10", "24-01-01", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z",
      "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.1Z", "2024-01-01T00:00:00+2400",
      "2024-01-01T00:00:00Z ", "2024-01-01 00:00:00Z", "+024-01-01",
    ] {
      #expect(Datetime(parsing: text) == nil, "\(text)")
    }
  }

  @Test("addresses: both families, ranges by their ends")
  func addresses() throws {
    let office = try #require(IPRange(parsing: "10.1.0.0/16"))
    #expect(try #require(IPRange(parsing: "10.1.255.255")).isWithin(office))
    #expect(try !#require(IPRange(parsing: "10.2.0.0")).isWithin(office))
    #expect(try !#require(IPRange(parsing: "10.0.0.0/8")).isWithin(office))
    #expect(try #require(IPRange(parsing: "::1/127")).isWithin(#require(IPRange(parsing: "::/0"))))
    #expect(try !#require(IPRange(parsing: "::1")).isWithin(#require(IPRange(parsing: "0.0.0.0/0"))))
    #expect(IPRange(parsing: "127.0.0.1")?.isLoopback == true)
    #expect(IPRange(parsing: "127.0.0.1/4")?.isLoopback == false)
    #expect(IPRange(parsing: "1:2:3:4:5:6:7::")?.address == 0x0001_0002_0003_0004_0005_0006_0007_0000)
    for text in [
      "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.0.0.1", "1.2.3.4/33", "1.2.3.4/08", "1.2.3.4/", "1.2.3.4/+8", ":",
      ":::",
      "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "::ffff:1.2.3.4", "::12345", "::1/129", "::+1", "1:", ":1",
    ] {
      #expect(IPRange(parsing: text) == nil, "\(text)")
    }
  }
}
