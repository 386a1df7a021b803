// The client libraries the tests use; tests/ has no node_modules of its own.
export * as web3 from '@solana/web3.js';
export * as spl from '@solana/spl-token';
export { WebSocket } from 'ws';
