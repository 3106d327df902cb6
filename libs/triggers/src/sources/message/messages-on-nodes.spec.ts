import { TriggersService } from '../../admin/triggers.service.js';
import { useOrders } from './orders-kit.contract.js';

describe('message triggers on several nodes', () => {
  const orders = useOrders('postgres');

  it('are heard by nodes with the role scheduler only', async () => {
    await orders.kit.boot([orders.workflow(), orders.trigger()], { roles: ['api', 'worker'] });
    expect(orders.source.subscriptions).toBe(0);
    await orders.kit.boot([orders.workflow(), orders.trigger()], { roles: ['scheduler'] });
    expect(orders.source.subscriptions).toBe(1);
  });

  it('are paused on every node when an operator of another one disables them', async () => {
    await orders.kit.boot([orders.workflow(), orders.trigger()], { roles: ['scheduler'] });
    const other = await orders.kit.boot([orders.workflow(), orders.trigger()], { roles: ['api', 'worker'] });
    await other.get(TriggersService).setEnabled('orders', false);
    await orders.kit.clock.advance(11_000);
    expect(orders.source.isPaused).toBe(true);
    await other.get(TriggersService).setEnabled('orders', true);
    await orders.kit.clock.advance(11_000);
    expect(orders.source.isPaused).toBe(false);
  });
});
