// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension Pattern {
    /// The groups of the first match, the whole match first; nil where nothing matches.
    ///
    /// A group that took no part is nil.
    func match(_ text: String) -> [String?]? {
        let bytes = Array(text.utf8)
        guard let marks = match(bytes) else { return nil }
        return (0...groups).map { group in
            let (start, end) = (marks[group * 2], marks[group * 2 + 1])
            guard start >= 0, end >= start else { return nil }
            return String(decoding: bytes[start..<end], as: UTF8.self)
        }
    }

    /// A way through the program, with the places that it noted.
    private struct Thread {
        let place: Int
        let marks: [Int]
    }

    /// Follows all ways at once, byte by byte; of ways that meet, the preferred one goes on.
    private func match(_ bytes: [UInt8]) -> [Int]? {
        let unset = [Int](repeating: -1, count: (groups + 1) * 2)
        var threads: [Thread] = []
        var found: [Int]?
        for position in 0...bytes.count {
            var visited = [Bool](repeating: false, count: program.count)
            var current: [Thread] = []
            // Ways that began earlier are preferred, so they come first.
            for thread in threads { follow(thread, position, bytes.count, &visited, &current) }
            if found == nil {
                follow(Thread(place: 0, marks: unset), position, bytes.count, &visited, &current)
            }
            threads = []
            scan: for thread in current {
                switch program[thread.place] {
                case .match:
                    found = thread.marks
                    // What follows a match is less preferred than it.
                    break scan
                case .byte(let set) where position < bytes.count && set.contains(bytes[position]):
                    threads.append(Thread(place: thread.place + 1, marks: thread.marks))
                default: continue
                }
            }
            if threads.isEmpty, found != nil { break }
        }
        return found
    }

    /// Follows a way up to the next byte, or to the match; each place of the program is visited once.
    private func follow(
        _ thread: Thread,
        _ position: Int,
        _ length: Int,
        _ visited: inout [Bool],
        _ threads: inout [Thread]
    ) {
        var open = [thread]
        while let thread = open.popLast() {
            guard !visited[thread.place] else { continue }
            visited[thread.place] = true
            switch program[thread.place] {
            case .jump(let target): open.append(Thread(place: target, marks: thread.marks))
            case .split(let first, let second):
                open.append(Thread(place: second, marks: thread.marks))
                open.append(Thread(place: first, marks: thread.marks))
            case .mark(let number):
                var marks = thread.marks
                marks[number] = position
                open.append(Thread(place: thread.place + 1, marks: marks))
            case .begin:
                if position == 0 { open.append(Thread(place: thread.place + 1, marks: thread.marks)) }
            case .end:
                if position == length { open.append(Thread(place: thread.place + 1, marks: thread.marks)) }
            case .byte, .match: threads.append(thread)
            }
        }
    }
}
