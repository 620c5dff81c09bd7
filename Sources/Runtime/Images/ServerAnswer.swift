// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageFormats
import JSON

/// What a server's refusal means, in words: its status, what its page says, and whether a signed URL is too old.
struct ServerAnswer {
    private let status: Int
    private let page: [UInt8]
    private let url: DownloadURL
    private let now: Date

    init(_ response: Transfer.Response, _ url: DownloadURL, now: Date = Date()) {
        status = response.status
        page = response.page
        self.url = url
        self.now = now
    }

    /// What is wrong.
    var cause: String {
        let name = Self.names[status].map { " (\($0))" } ?? ""
        let answer = "the server answers \(status)\(name)"
        if status == 403, let expiry, expiry < now {
            return "\(answer): the URL's signature expired at \(Self.text(expiry))"
        }
        guard let words else { return answer }
        return "\(answer): \"\(words)\""
    }

    /// What to do about a signed URL that is refused; nil where the URL is not signed.
    var signatureAdvice: String? {
        guard status == 403, isSigned else { return nil }
        return "Sign the URL anew, for longer than pods may need to come up, and put it into the translation."
    }

    private static let names = [
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed",
        407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
        416: "Range Not Satisfiable",
        425: "Too Early", 429: "Too Many Requests", 451: "Unavailable For Legal Reasons",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout",
    ]

    // MARK: - Signed URLs

    private var query: [String: String] {
        guard let start = url.text.firstIndex(of: "?") else { return [:] }
        var fields: [String: String] = [:]
        for pair in url.text[url.text.index(after: start)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]) : ""
            fields[parts[0].lowercased()] = value.removingPercentEncoding ?? value
        }
        return fields
    }

    private var isSigned: Bool {
        let query = query
        return ["x-amz-signature", "x-goog-signature", "signature", "sig"].contains { query[$0] != nil }
    }

    /// When the URL's signature ends: as Amazon's, Google's and Azure's stores write it.
    private var expiry: Date? {
        guard isSigned else { return nil }
        let query = query
        for kind in ["x-amz", "x-goog"] {
            if let date = query["\(kind)-date"].flatMap(Self.basicDate),
                let seconds = query["\(kind)-expires"].flatMap(Double.init)
            {
                return date.addingTimeInterval(seconds)
            }
        }
        if let seconds = query["expires"].flatMap(Double.init), seconds > 0, seconds < 1e11 {
            return Date(timeIntervalSince1970: seconds)
        }
        return query["se"].flatMap { try? Date($0, strategy: .iso8601) }
    }

    /// A date like 20260131T120000Z.
    private static func basicDate(_ text: String) -> Date? {
        let digits = Array(text.utf8)
        guard digits.count == 16, digits[8] == UInt8(ascii: "T"), digits[15] == UInt8(ascii: "Z") else {
            return nil
        }
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        let extended =
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
        return try? Date(extended, strategy: .iso8601)
    }

    private static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    // MARK: - The page

    /// What the server's page says: the message of a JSON or XML document, a web page's title, or a line of text.
    private var words: String? {
        let text = String(decoding: page, as: UTF8.self)
        let found =
            jsonWords ?? element("Message", of: text) ?? element("title", of: text) ?? lineWords(text)
        guard let found else { return nil }
        let line = found.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        // A server that repeats the URL would tell its secrets.
        if let start = url.text.firstIndex(of: "?"), line.contains(url.text[start...].dropFirst()) {
            return nil
        }
        return line.isEmpty ? nil : excerpt(line, at: 0, around: 120)
    }

    private var jsonWords: String? {
        guard let json = try? JSONValue(parsing: page) else { return nil }
        return Self.words(of: json, depth: 3)
    }

    private static func words(of json: JSONValue, depth: Int) -> String? {
        if let text = json.string { return text }
        guard depth > 0 else { return nil }
        if let object = json.object {
            for key in ["message", "detail", "error_description", "error", "errors", "title", "reason"] {
                if let found = object[key].flatMap({ words(of: $0, depth: depth - 1) }) { return found }
            }
        }
        return json.array?.first.flatMap { words(of: $0, depth: depth - 1) }
    }

    private func element(_ name: String, of text: String) -> String? {
        guard let start = text.range(of: "<\(name)>", options: .caseInsensitive),
            let end = text.range(
                of: "</\(name)>",
                options: .caseInsensitive,
                range: start.upperBound..<text.endIndex
            )
        else { return nil }
        return String(text[start.upperBound..<end.lowerBound])
    }

    private func lineWords(_ text: String) -> String? {
        guard let line = text.split(whereSeparator: \.isNewline).first, !line.hasPrefix("<"),
            !line.hasPrefix("{"), line.utf8.count < 500
        else { return nil }
        return String(line)
    }
}
