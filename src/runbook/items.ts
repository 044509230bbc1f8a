import type { Item } from './normalise/blocks.ts';
import type { Numbered } from './targets.ts';

/** The list items of a document as they are read: which are begun, which hold which, and under what condition. */
export class Items {
  private readonly items: readonly Item[];
  private readonly begun = new Set<number>();
  private readonly conditions = new Map<number, string>();

  constructor(items: readonly Item[]) {
    this.items = items;
  }

  /** True the first time that an item is read. */
  begin(item: number | null): boolean {
    if (item === null || this.begun.has(item)) return false;
    this.begun.add(item);
    return true;
  }

  isOrdered(item: number | null): boolean {
    return item !== null && (this.items[item]?.ordered ?? false);
  }

  /** An item and those around it, from the inside out. */
  *around(item: number | null): Generator<number> {
    for (let at = item; at !== null; at = this.items[at]?.parent ?? null) yield at;
  }

  isInside(item: number | null, ancestor: number): boolean {
    return [...this.around(item)].includes(ancestor);
  }

  /** Notes the condition that an item begins with. */
  condition(item: number | null, condition: string | null): void {
    if (item !== null && condition !== null) this.conditions.set(item, condition);
  }

  /** The condition of the innermost item around a step that has one, or null. */
  conditionOf(item: number | null): string | null {
    for (const at of this.around(item)) {
      const condition = this.conditions.get(at);
      if (condition !== undefined) return condition;
    }
    return null;
  }

  /** The outermost numbered item around a step, or null. */
  numberOf(item: number | null): Numbered | null {
    let found: Numbered | null = null;
    for (const at of this.around(item)) {
      const { ordered, list, number } = this.items[at] ?? {};
      if (ordered && list !== undefined && number !== undefined) found = { list, number };
    }
    return found;
  }
}
