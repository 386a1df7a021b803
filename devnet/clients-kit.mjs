// Apart from the others, because it takes long to load and few tests need it.
export * as kit from '@solana/kit';
export * as system from '@solana-program/system';
