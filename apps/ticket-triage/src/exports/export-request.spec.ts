import { validateSync } from 'class-validator';
import { ExportRequest } from './export-request.js';

const wrong = (sent: object): string[] =>
  validateSync(Object.assign(new ExportRequest(), sent)).map(({ property }) => property);

describe('what may be exported', () => {
  it('goes from one day to another, for all teams or one', () => {
    expect(wrong({ from: '2028-02-29', to: '2028-03-01' })).toEqual([]);
    expect(wrong({ from: '2026-04-01', to: '2026-05-01', team: 'billing' })).toEqual([]);
    expect(wrong({ from: '2026-04-01', to: '2026-05-01', team: 'board' })).toEqual(['team']);
  });

  it.each([
    '20260401',
    '2026-W15',
    '2026-103',
    '2026-02-30',
    '2026-13-01',
    '2026-04',
    '2026',
    'yesterday',
    20_260_401,
    null,
  ])('takes no %j for a day', (day) => {
    expect(wrong({ from: day, to: '2026-05-01' })).toEqual(['from']);
    expect(wrong({ from: '2026-04-01', to: day })).toEqual(['to']);
  });
});
