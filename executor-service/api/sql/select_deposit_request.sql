-- Deposit request $1 of wallet $2, with the program of the token that the order will bring.
select r.vault, r.order_account, r.input_mint, r.output_mint, r.amount, r.message, r.blockhash,
       r.last_valid_block_height, output.token_program as output_token_program
from deposit_request r
join token output on output.mint = r.output_mint
where r.id = $1 and r.wallet = $2
