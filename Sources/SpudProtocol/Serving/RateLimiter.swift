internal import Synchronization

/// How many requests each tenant may begin: a bucket of tokens that fills at an even rate.
package final class RateLimiter: Sendable {
  private struct Bucket {
    var level: Double
    var filled: ContinuousClock.Instant
  }

  private static let tenantLimit = 10_000

  private let perMinute: Int
  private let buckets = Mutex<[String: Bucket]>([:])

  /// - Parameter perMinute: Requests a minute, which may all come at once; 0 sets no limit.
  package init(perMinute: Int) { self.perMinute = perMinute }

  /// Takes one request of a tenant.
  ///
  /// - Returns: Nil if it may begin; otherwise the seconds after which the next may.
  package func take(_ tenant: String, at now: ContinuousClock.Instant = .now) -> Int? {
    guard perMinute > 0 else { return nil }
    let rate = Double(perMinute) / 60
    return buckets.withLock { buckets in
      // Tenants come from the file of keys, so that there are never many of them.
      var bucket = buckets[tenant] ?? Bucket(level: Double(perMinute), filled: now)
      let past = bucket.filled.duration(to: now)
      let seconds = Double(past.components.seconds) + Double(past.components.attoseconds) * 1e-18
      bucket.level = min(Double(perMinute), bucket.level + max(0, seconds) * rate)
      bucket.filled = max(bucket.filled, now)
      defer { if buckets.count < Self.tenantLimit || buckets[tenant] != nil { buckets[tenant] = bucket } }
      guard bucket.level < 1 else {
        bucket.level -= 1
        return nil
      }
      return max(1, Int(((1 - bucket.level) / rate).rounded(.up)))
    }
  }
}
