# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0
#
# A guest in one sector: it writes a numbered line to the serial port at each tick of the BIOS' clock, 18 a second, and powers
# itself off when the power button is pressed. Where QEMU itself is translated, a guest with a kernel would take minutes.
#
#   as --32 -o boot.o boot-sector.S && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o boot.bin boot.o

        .set    serial, 0x3f8
        .set    clock, 0x46c            # where the BIOS counts ticks
        .set    power, 0x600            # where its ACPI registers are: SeaBIOS puts them there

        .code16
        .globl  _start
_start: cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        movb    $0xff, %al              # no interrupt for the button: it is looked at
        outb    %al, $0xa1
        movw    $power + 2, %dx
        movw    $0x100, %ax             # PWRBTN_EN
        outw    %ax, %dx
        xorw    %bx, %bx
line:   movw    $number + 5, %di
        movw    %bx, %ax
        movw    $10, %cx
digit:  xorw    %dx, %dx
        divw    %cx
        addb    $'0', %dl
        decw    %di
        movb    %dl, (%di)
        cmpw    $number, %di
        jne     digit
        movw    $text, %si
        call    say
        incw    %bx
        movw    clock, %cx
wait:   sti
        hlt
        cli
        movw    $power, %dx
        inw     %dx, %ax
        testw   $0x100, %ax             # PWRBTN_STS
        jnz     off
        cmpw    clock, %cx
        je      wait
        jmp     line
off:    movw    $last, %si
        call    say
        movw    $power + 4, %dx
        movw    $0x2000, %ax            # SLP_EN, type 0: off
        outw    %ax, %dx
        hlt

say:    movw    $serial + 5, %dx
ready:  inb     %dx, %al
        testb   $0x20, %al
        jz      ready
        lodsb
        testb   %al, %al
        jz      said
        movw    $serial, %dx
        outb    %al, %dx
        jmp     say
said:   ret

text:   .ascii  "guest "
number: .asciz  "00000\r\n"
last:   .asciz  "the power button was pressed\r\n"

        .org    510
        .word   0xaa55
