import { HttpError, Service } from './http.mjs';

/** The perp venue's port, held until there is a venue behind it. */
export function createVenue({ port, faults }) {
  return new Service({
    port,
    target: 'venue',
    faults,
    handle: () => {
      throw new HttpError(501, 'the devnet has no perp venue yet');
    },
  });
}
