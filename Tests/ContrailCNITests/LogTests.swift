// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ContrailCNI

@Suite struct LogTests {
    @Test(arguments: [
        (0, 1970, 1, 1), (58, 1970, 2, 28), (59, 1970, 3, 1), (364, 1970, 12, 31), (365, 1971, 1, 1),
        (789, 1972, 2, 29),
        (790, 1972, 3, 1), (11_016, 2000, 2, 29), (11_017, 2000, 3, 1), (20_454, 2026, 1, 1),
        (47_540, 2100, 2, 28),
        (47_541, 2100, 3, 1), (157_113, 2400, 2, 29),
    ])
    func `a day is its Gregorian date`(days: Int, year: Int, month: Int, day: Int) {
        let date = civilDate(daysSince1970: days)
        #expect(date.year == year && date.month == month && date.day == day, "\(date)")
    }

    @Test func `every day of four centuries follows the one before`() {
        var last = civilDate(daysSince1970: -1)
        #expect(last == (1969, 12, 31))
        for days in 0..<146_097 {
            let date = civilDate(daysSince1970: days)
            let isLeap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            let isNext =
                date.day > 1
                ? date == (last.year, last.month, last.day + 1)
                : last.day == (last.month == 12 ? 31 : lengths[last.month - 1])
                    && date == (last.month == 12 ? last.year + 1 : last.year, last.month % 12 + 1, 1)
            if !isNext || date.day > lengths[date.month - 1] {
                Issue.record("day \(days) is \(date) after \(last)")
            }
            last = date
        }
        #expect(last == (2369, 12, 31))
    }
}
