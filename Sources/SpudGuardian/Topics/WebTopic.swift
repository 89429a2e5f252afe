/// What a task on the web is about, as far as a rule may depend on it, by the words of the task.
///
/// A rule such as "no flights without a vaccination" is two lines of Cedar; to know that a page sells flights is not.
/// This is the smallest answer: lists of English words, the more telling first, and the site's kind where no word
/// tells.
package enum WebTopic: String, Sendable, CaseIterable {
  case job, flight, hotel, car, shopping, media

  /// - Parameters:
  ///   - task: What the person asked for.
  ///   - site: The kind of site, such as "Airlines" or "Car rental"; "" if not known.
  /// - Returns: Nil where nothing tells.
  package init?(task: String, site: String) {
    let words = Set(task.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
    let topic = Self.allCases.first { topic in
      !(Self.words[topic] ?? []).isDisjoint(with: words) || topic.sites.contains(site)
    }
    guard let topic else { return nil }
    self = topic
  }

  private static let words: [WebTopic: Set<String>] = [
    .job: [
      "job", "jobs", "career", "careers", "intern", "internship", "internships", "position", "positions", "hiring",
      "vacancies", "openings",
    ],
    .flight: ["flight", "flights", "airline", "airlines", "airfare", "fly", "flying"],
    .hotel: [
      "hotel", "hotels", "resort", "resorts", "room", "rooms", "accommodation", "accommodations", "motel", "hostel",
      "inn",
    ],
    .car: ["car", "cars", "suv", "suvs", "truck", "trucks", "vehicle", "vehicles", "van", "vans"],
    .shopping: [
      "cart", "bag", "basket", "buy", "purchase", "checkout", "gift", "order", "collection", "wishlist",
    ],
    .media: [
      "movie", "movies", "film", "films", "comedy", "song", "songs", "music", "track", "tracks", "playlist",
      "playlists",
      "album", "albums", "video", "videos", "watch", "watchlist", "listen", "episode", "episodes", "trailer",
      "soundtrack",
    ],
  ]

  private var sites: Set<String> {
    switch self {
    case .flight: ["Airlines"]
    case .hotel: ["Hotel"]
    case .car: ["Auto", "Car rental"]
    default: []
    }
  }
}
