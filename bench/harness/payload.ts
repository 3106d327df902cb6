/** What both sides are fired with: about a hundred bytes of JSON. */
export function payload(index: number): object {
  return { order: index, customer: `customer-${index % 1_000}`, items: ['a-7', 'b-12'], total: 129.9, currency: 'EUR' };
}
