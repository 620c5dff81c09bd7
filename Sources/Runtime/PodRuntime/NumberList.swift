// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Numbers of processors or memory nodes, as cpuset(7) writes them: `0-3,7`.
struct NumberList: Hashable, Sendable {
    /// The ranges, as they were written.
    let ranges: [ClosedRange<Int>]

    /// The largest number that is taken.
    static let largest = 65_535

    /// Reads a list; nil where the text is not one.
    init?(_ text: some StringProtocol) {
        guard (1...4096).contains(text.utf8.count) else { return nil }
        var ranges: [ClosedRange<Int>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Self.number($0) }
            switch ends.count {
            case 1:
                guard let number = ends[0] else { return nil }
                ranges.append(number...number)
            case 2:
                guard let first = ends[0], let last = ends[1], first <= last else { return nil }
                ranges.append(first...last)
            default: return nil
            }
        }
        self.ranges = ranges
    }

    /// Whether all of another list's numbers are among these.
    func contains(_ other: NumberList) -> Bool {
        other.ranges.allSatisfy { range in
            range.allSatisfy { number in ranges.contains { $0.contains(number) } }
        }
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(text), number <= largest
        else { return nil }
        return number
    }
}
