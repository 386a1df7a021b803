-- What the finalized swap of order $1 moved, under lease epoch $2: $3 input, $4 output, smallest units.
update price_order
set input_used = $3, output_amount = $4, write_epoch = $2
where id = $1
returning id
