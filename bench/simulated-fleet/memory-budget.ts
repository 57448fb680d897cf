/** How much resident memory a manager with so many tenants may have, in MiB. */
export function memoryBudget(tenants: number): number {
  return tenants <= 100 ? 120 : 256;
}
