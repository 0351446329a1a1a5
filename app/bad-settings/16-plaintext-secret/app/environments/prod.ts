import prod from '../../../../environments/prod.ts';

export default { ...prod, imageAutomation: 'off' };
