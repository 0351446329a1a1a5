;; The search of plain-lines.ts, sixteen octets at a time. `npm run docs` makes plain-lines.wasm.ts of it.
(module
  (memory (export "memory") 1)

  ;; Looks at the octets from $line, where a line begins, to $end. Returns where the last line begins before which
  ;; all lines are plain: they end with CRLF, hold no other CR or LF, do not begin with a dot, and none is longer
  ;; than $longest octets. The last octets, up to fifteen, may be left out.
  (func (export "search") (param $line i32) (param $end i32) (param $longest i32) (result i32)
    (local $at i32) (local $block v128)
    ;; One bit an octet of the block, the first octet in the lowest bit.
    (local $cr i32) (local $lf i32) (local $dot i32)
    ;; 1 if the octet before the block is a CR, a LF.
    (local $afterCr i32) (local $afterLf i32)
    (local.set $at (local.get $line))
    (local.set $afterLf (i32.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
        (local.set $block (v128.load (local.get $at)))
        (local.set $cr (i8x16.bitmask (i8x16.eq (local.get $block) (i8x16.splat (i32.const 0x0d)))))
        (local.set $lf (i8x16.bitmask (i8x16.eq (local.get $block) (i8x16.splat (i32.const 0x0a)))))
        (local.set $dot (i8x16.bitmask (i8x16.eq (local.get $block) (i8x16.splat (i32.const 0x2e)))))

        ;; A LF stands where a CR stands before it, and nowhere else.
        (br_if $done
          (i32.ne
            (local.get $lf)
            (i32.and
              (i32.or (i32.shl (local.get $cr) (i32.const 1)) (local.get $afterCr))
              (i32.const 0xffff))))
        ;; No dot stands behind a LF.
        (br_if $done
          (i32.and
            (local.get $dot)
            (i32.or (i32.shl (local.get $lf) (i32.const 1)) (local.get $afterLf))))

        (if (local.get $lf)
          (then
            ;; The line that ends with the first LF of the block is the only one that can be longer than a block.
            (br_if $done
              (i32.gt_u
                (i32.sub
                  (i32.add (local.get $at) (i32.add (i32.ctz (local.get $lf)) (i32.const 1)))
                  (local.get $line))
                (local.get $longest)))
            ;; A line begins behind the last LF.
            (local.set $line
              (i32.add (local.get $at) (i32.sub (i32.const 32) (i32.clz (local.get $lf)))))))

        (local.set $afterCr (i32.shr_u (local.get $cr) (i32.const 15)))
        (local.set $afterLf (i32.shr_u (local.get $lf) (i32.const 15)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (local.get $line)))
