/// English words that a task orders something with, and what they ask of a tool.
enum Verbs {
  /// By the first word of a tool's name: what people say for it.
  static let synonyms: [String: Set<String>] = [
    "send": [
      "send", "email", "mail", "message", "write", "post", "reply", "forward", "pay", "refund", "transfer", "dm",
    ],
    "create": ["create", "add", "make", "schedule", "book", "put"],
    "add": ["add", "include", "invite"],
    "append": ["append", "add", "write", "insert"],
    "share": ["share"],
    "delete": ["delete", "remove", "erase"],
    "remove": ["remove", "kick", "delete"],
    "cancel": ["cancel"],
    "reschedule": ["reschedule", "move", "postpone", "shift"],
    "reserve": ["reserve", "book", "make"],
    "invite": ["invite"],
    "update": ["update", "change", "adjust", "modify", "correct", "set"],
    "post": ["post", "publish"],
    "schedule": ["schedule", "set"],
  ]

  /// By a word of a tool's name: words that people say for the thing. A verb that needs no object is among them.
  static let objects: [String: Set<String>] = [
    "email": ["email", "emails", "mail", "e-mail"],
    "money": ["money", "difference", "amount", "payment", "bill", "pay", "refund", "transfer"],
    "direct": ["message", "dm", "direct"],
    "channel": ["channel", "channels"],
    "event": ["event", "events", "appointment", "meeting", "reminder", "calendar"],
    "participants": ["participants", "attendees", "participant"],
    "file": ["file", "files", "document", "list", "drive"],
    "hotel": ["hotel", "room", "stay"],
    "restaurant": ["restaurant", "table", "lunch", "dinner"],
    "car": ["car", "cars"],
    "slack": ["slack", "workspace"],
    "user": ["user", "users"],
    "info": ["information", "info", "profile", "address", "details"],
    "password": ["password"],
    "transaction": ["transaction", "payment", "order", "orders", "subscription", "rent"],
    "webpage": ["webpage", "website", "site", "blog", "page"],
  ]

  /// First words of the names of tools that change nothing.
  static let reading: Set<String> = [
    "get", "search", "list", "read", "check", "find", "show", "view", "fetch", "count", "look",
  ]

  /// Tools that cannot be undone: only a task that names them itself may use them.
  static let destructive: Set<String> = ["delete", "remove", "cancel", "reset", "drop"]

  /// Verbs that say all, so that no word for the thing need be near.
  static let sufficient: Set<String> = ["reschedule", "invite"]

  /// Verbs that are nouns more often: they order something only where a verb must stand.
  static let nouns: Set<String> = [
    "email", "mail", "message", "post", "dm", "transfer", "refund", "reply", "change", "set", "move", "book",
    "schedule",
    "share", "find", "shift",
  ]

  /// Words that no order stands behind, such as subjects and articles.
  static let notBeforeOrders: Set<String> = [
    "i", "i'll", "i'd", "we", "we'll", "they", "he", "she", "who", "that", "which", "everybody", "the", "a", "an", "my",
    "their", "her", "his", "your", "our", "its", "this",
  ]

  static let all: Set<String> = synonyms.values.reduce(into: [
    "do", "follow", "execute", "perform", "complete", "find", "visit", "read",
  ]) {
    $0.formUnion($1)
  }

  /// Words with a capital that name nobody: those that sentences begin with, months, days, and the like.
  static let ordinary: Set<String> = all.union([
    "i", "i'm", "i'll", "we", "they", "you", "he", "she", "it", "my", "our", "their", "your", "the", "a", "an", "this",
    "that", "if", "is", "am", "are", "can", "could", "please", "also", "just", "hi", "hey", "hello", "thanks", "thank",
    "what", "what's", "how", "where", "when", "who", "which", "for", "from", "in", "on", "at", "after", "then", "there",
    "tell", "give", "note", "don't", "once", "last", "let", "and", "or", "to", "of", "as", "all", "security", "check",
    "summarize", "sort", "resolve", "use", "recommend", "attach", "be", "do", "suggest", "looking", "her", "his", "vat",
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "todo", "iban", "url",
    "id", "dm", "am", "pm", "new", "ok",
  ])
}
