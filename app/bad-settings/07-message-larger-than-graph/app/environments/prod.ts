import prod from '../../../../environments/prod.ts';

export default { ...prod, largestMessage: '25Mi' };
