import { Body, Controller, Delete, HttpCode, Param, ParseArrayPipe, ParseIntPipe, Post, Put } from '@nestjs/common';
import { CustomerDto } from './customer.dto.js';
import type { Customer } from './customer.entity.js';
import { CustomersService } from './customers.service.js';

@Controller('customers')
export class CustomersController {
  constructor(private readonly customers: CustomersService) {}

  @Post()
  register(@Body() customer: CustomerDto): Promise<Customer> {
    return this.customers.register(customer);
  }

  @Put()
  takeOver(@Body(new ParseArrayPipe({ items: CustomerDto })) list: CustomerDto[]): Promise<Customer[]> {
    return this.customers.takeOver(list);
  }

  @Delete(':id')
  @HttpCode(204)
  leave(@Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.customers.leave(id);
  }

  @Post(':id/return')
  @HttpCode(204)
  comeBack(@Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.customers.comeBack(id);
  }
}
