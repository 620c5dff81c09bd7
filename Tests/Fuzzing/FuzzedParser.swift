// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A parser that meets bytes from outside, and what must hold for every input of it.
///
/// Fuzzer and tests enter here.
enum FuzzedParser: String, CaseIterable, Sendable {
    /// JSON text.
    case json
    /// The network configuration on standard input, with `prevResult` and `runtimeConfig`.
    case configuration
    /// The environment: CNI_ARGS, CNI_CONTAINERID, CNI_IFNAME, CNI_NETNS and the cluster's name, parted by zero bytes.
    case arguments
    /// The agent's answers as they come from its socket.
    case http
    /// The agent's answers, their bodies: assignments and ports.
    case agent
    /// Files: records, debts, agent-format ports.
    case state

    /// Runs the parser.
    ///
    /// - Returns: Whether the input was accepted.
    /// - Throws: What does not hold. A trap is a bug, too.
    func check(_ input: [UInt8]) throws(BrokenInvariant) -> Bool {
        switch self {
        case .json: try checkJSON(input)
        case .configuration: try checkConfiguration(input)
        case .arguments: try checkArguments(input)
        case .http: try checkHTTP(input)
        case .agent: try checkAgent(input)
        case .state: try checkState(input)
        }
    }
}

/// What was to hold for every input, and does not for this one.
struct BrokenInvariant: Error, CustomStringConvertible {
    let description: String
}

/// Throws unless something holds.
func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws(BrokenInvariant) {
    guard condition else { throw BrokenInvariant(description: what()) }
}

/// Gives a value that must be there.
func required<Value>(_ value: Value?, _ what: @autoclosure () -> String) throws(BrokenInvariant) -> Value {
    guard let value else { throw BrokenInvariant(description: what()) }
    return value
}

/// Runs what must not throw.
func mustSucceed<Value, Failure>(
    _ what: String,
    _ body: () throws(Failure) -> Value
) throws(BrokenInvariant) -> Value {
    do throws(Failure) {
        return try body()
    } catch {
        throw BrokenInvariant(description: "\(what): \(error)")
    }
}

/// What a parser made of an input; nil where it was refused.
func accepted<Value, Failure>(_ body: () throws(Failure) -> Value) -> Value? {
    do throws(Failure) { return try body() } catch { return nil }
}

/// Throws unless a text can stand as one component of a path: not empty, no dot, no `/`, no control character, and
/// short enough for a file's name.
func holdIsFileName(_ text: String, _ what: String) throws(BrokenInvariant) {
    try hold(
        !text.isEmpty && text.utf8.first != UInt8(ascii: "."),
        "\(what) \"\(text)\" is empty or begins with a dot"
    )
    try hold(
        text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") },
        "\(what) \"\(text)\" holds '/', a blank or a control character"
    )
    try hold(text.utf8.count <= 255, "\(what) of \(text.utf8.count) bytes is too long for a file")
}

/// Throws unless a text is an absolute path that the kernel sees whole.
func holdIsPath(_ text: String, _ what: String) throws(BrokenInvariant) {
    try hold(
        text.utf8.first == UInt8(ascii: "/") && !text.utf8.contains(0),
        "\(what) \"\(text)\" is not a path"
    )
}
